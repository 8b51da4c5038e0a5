"""The counts of analytics: always those of the documents as they are, whatever order events come in and however often."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine

from filemill.chassis.ids import new_id
from filemill.contracts.analytics import Analytics, Times
from filemill.contracts.topics import Topic
from filemill.metadata import tallies, tallies_repository
from filemill.metadata.analytics import analytics, by_owner, percentiles
from filemill.metadata.consumers import HANDLERS, on_purged
from filemill.metadata.exporting import numbers_table
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.tables import metadata
from filemill.metadata.tallying import count_again, count_first
from support import samples
from unit.metadata.test_catalogue import STORIES

ALWAYS = (-(10**6), 10**6)
"""Days."""
SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as made:
        yield made


def counted(tx: Connection, owner_id: str = "local") -> list[tuple[str, int, str, int, int]]:
    return sorted(tallies_repository.sums(tx, owner_id, tallies.OF_DOCUMENTS, ALWAYS, by_day=True))


@pytest.mark.parametrize("story", list(STORIES))
def test_tallies_when_events_come_in_any_order_twice_then_are_those_of_the_documents(
    tx: Connection, story: str
) -> None:
    """Folded at any moment, or not yet; a recount finds the same."""
    for seed in range(15):
        dice = random.Random(seed)
        events = STORIES[story] + dice.choices(STORIES[story], k=2)
        dice.shuffle(events)
        for event in events:
            HANDLERS[event.type](tx, event)
            if dice.random() < 0.3:
                tallies_repository.fold_some(tx, dice.choice([1, 3, 1000]))
        found = counted(tx)
        while tallies_repository.fold_some(tx, 7):
            pass
        assert counted(tx) == found
        count_again(tx)
        assert counted(tx) == found
        tx.rollback()


def test_tallies_when_a_file_is_purged_then_nothing_of_it_is_counted(tx: Connection) -> None:
    """Not even its tags stay as names."""
    index = Fts5Index()
    index.create(tx)
    event, *more = STORIES["plain"]
    for one in (event, *more):
        HANDLERS[one.type](tx, one)
    assert counted(tx)
    tallies_repository.fold_some(tx, 1000)
    purged = samples.lifecycle(event.subject, change=9, purge_id=new_id())
    on_purged(tx, samples.event(Topic.PURGED, purged, 20), index=index)
    assert counted(tx) == []
    tallies_repository.fold_some(tx, 1000)
    kinds = {row[0] for row in tx.exec_driver_sql("SELECT kind FROM tallies")}
    assert kinds.isdisjoint(tallies.OF_DOCUMENTS)
    assert kinds, "times of steps are numbers of that day and stay"


def test_count_first_when_something_was_counted_then_does_nothing(tx: Connection) -> None:
    """After an upgrade what is there is counted once."""
    for one in STORIES["plain"]:
        HANDLERS[one.type](tx, one)
    found = counted(tx)
    for statement in ("DELETE FROM tallies", "DELETE FROM tally_changes"):
        tx.exec_driver_sql(statement)
    for _ in range(2):
        count_first(tx)
        assert counted(tx) == found
    assert counted(tx, "another") == []


def test_count_first_when_a_kind_is_new_then_all_is_counted_again(tx: Connection) -> None:
    """An installation from before stored bytes were counted."""
    for one in STORIES["compressed"]:
        HANDLERS[one.type](tx, one)
    while tallies_repository.fold_some(tx, 100):
        pass
    found = counted(tx)
    tx.exec_driver_sql("DELETE FROM tallies WHERE kind = 'stored'")
    assert counted(tx) != found
    count_first(tx)
    assert counted(tx) == found


def test_owners_when_an_admin_asks_then_sees_what_each_has(tx: Connection) -> None:
    """Those with most bytes first, folded or not; who has nothing left is not told of."""
    for owner_id, sizes in (("ada", [5, 7]), ("bob", [100]), ("eve", [1])):
        for size in sizes:
            uploaded = samples.uploaded(new_id(), owner_id=owner_id, size=size)
            HANDLERS[Topic.UPLOADED](tx, samples.event(Topic.UPLOADED, uploaded, 0))
            stored = samples.stored(uploaded.file_id, owner_id=owner_id, stored_size=size - 1)
            HANDLERS[Topic.STORED](tx, samples.event(Topic.STORED, stored, 1))
        tallies_repository.fold_some(tx, 3)
    deleted = samples.lifecycle(uploaded.file_id, owner_id="eve", change=1)
    HANDLERS[Topic.DELETED](tx, samples.event(Topic.DELETED, deleted, 2))
    told = by_owner(tx, SINCE, UNTIL)
    assert [(one.owner_id, one.files, one.bytes, one.bytes_stored) for one in told.items] == [
        ("bob", 1, 100, 99), ("ada", 2, 12, 10),
    ]  # fmt: skip
    assert not told.more
    assert by_owner(tx, datetime(1980, 1, 1, tzinfo=UTC), datetime(1990, 1, 1, tzinfo=UTC)).items == []


def test_analytics_when_files_went_through_then_tells_counts_times_and_reasons(tx: Connection) -> None:
    """The failed one by its reason, steps and models by name."""
    for number in range(20):
        file_id = new_id()
        told = [samples.event(Topic.UPLOADED, samples.uploaded(file_id, size=100, tags=["a", f"t{number % 3}"]), 0)]
        if number % 4:
            told.append(
                samples.event(Topic.PROCESSED, samples.processed(file_id, duration_ms=10.0 * number), 1, "processing")
            )
            findings = [samples.finding("language", "en", model="lingua", duration_ms=2.0)]
            told.append(samples.event(Topic.ANALYZED, samples.analyzed(file_id, findings=findings), 2, "ai"))
        else:
            told.append(
                samples.event(
                    Topic.FAILED, samples.failed(file_id, content_type=None, duration_ms=None), 1, "processing"
                )
            )
        for event in told:
            HANDLERS[event.type](tx, event)
    numbers = analytics(tx, "local", SINCE, UNTIL)
    assert (numbers.files, numbers.bytes) == (20, 2000)
    assert numbers.by_status == {"processed": 15, "failed": 5}
    assert numbers.failures == {samples.failed(new_id()).reason.code: 5}
    assert [(day.files, day.processed, day.failed) for day in numbers.days] == [(20, 15, 5)]
    assert next(iter(numbers.top_tags.items())) == ("a", 20)
    assert numbers.processing_ms.p50 is not None
    assert abs(numbers.processing_ms.p50 - 100) / 100 < 0.15
    assert numbers.models_ms["lingua"].count == 15
    assert set(numbers.steps_ms) == {step.name for step in samples.processed(new_id()).steps}
    assert analytics(tx, "another", SINCE, UNTIL) == Analytics(
        days=[], by_type={}, by_status={}, bytes=0, files=0, processing_ms=Times(), analysis_ms=Times(), top_tags={}
    )
    rows = list(csv.DictReader(io.StringIO(numbers_table(numbers))))
    assert {row["group"] for row in rows} >= {"day", "type", "status", "failure", "tag", "processing", "step", "model"}
    assert sum(int(row["files"]) for row in rows if row["group"] == "type") == 20


def test_analytics_when_a_name_looks_like_a_formula_then_the_csv_says_it_is_text(tx: Connection) -> None:
    """A spreadsheet must not run what a stranger called his file's tag."""
    uploaded = samples.uploaded(new_id(), tags=["=HYPERLINK(1)"])
    HANDLERS[Topic.UPLOADED](tx, samples.event(Topic.UPLOADED, uploaded, 0))
    assert "'=HYPERLINK" in numbers_table(analytics(tx, "local", SINCE, UNTIL))


def test_percentiles_when_times_are_counted_in_classes_then_are_within_five_percent() -> None:
    """By nearest rank."""
    dice = random.Random(3)
    for count in (1, 2, 10, 1000):
        times = sorted(dice.lognormvariate(3, 2) for _ in range(count))
        found = percentiles([(tallies.time_class(one), 1) for one in times])
        for share, told in ((0.5, found.p50), (0.95, found.p95)):
            truth = times[max(0, -(-int(share * 100) * count // 100) - 1)]
            assert told is not None
            assert abs(told - truth) / truth <= 0.051
    assert percentiles([]) == Times()
