"""The contract's promise: consumers accept duplicates and any order. Every permutation folds into the same document."""

import math
import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool

from filemill.contracts.envelope import Event
from filemill.contracts.metadata import DocumentPatch, FileUpdated
from filemill.contracts.processing import TextRef
from filemill.contracts.topics import Topic
from filemill.metadata import catalogue, repository
from filemill.metadata.consumers import HANDLERS
from filemill.metadata.tables import documents, metadata
from support import samples

FILE = "019c2d6e-0000-7000-8000-00000000004d"
COUNTERS = {"revision", "index_wanted", "index_done", "index_mark", "doc_id"}
"""They count what happened, so they depend on how often; nothing else may."""

UPLOADED = samples.event(Topic.UPLOADED, samples.uploaded(FILE), 0)
STARTED = samples.event(Topic.PROGRESS, samples.progress(FILE), 1, "processing")
FAILED_TRY = samples.event(
    Topic.FAILED, samples.failed(FILE, content_type="text/x-first", duration_ms=3.0), 2, "processing"
)
STARTED_AGAIN = samples.event(Topic.PROGRESS, samples.progress(FILE, run=2), 3, "processing")
PROCESSED = samples.event(Topic.PROCESSED, samples.processed(FILE, run=2), 4, "processing")
FAILED_LATER = samples.event(
    Topic.FAILED, samples.failed(FILE, run=3, content_type=None, duration_ms=None), 5, "processing"
)
CANCELLED = samples.event(Topic.PROGRESS, samples.progress(FILE, run=3, state="cancelled"), 5, "processing")
ANALYZED = samples.event(
    Topic.ANALYZED,
    samples.analyzed(FILE, findings=[samples.finding("language", "en"), samples.finding("keywords", ["a"])]),
    6, "ai",
)  # fmt: skip
ANALYZED_AGAIN = samples.event(
    Topic.ANALYZED, samples.analyzed(FILE, run=2, findings=[samples.finding("language", "de")]), 7, "ai"
)
UNAVAILABLE = samples.event(
    Topic.ANALYZED,
    samples.analyzed(FILE, run=3, attempt=0, analysis="unavailable", reason=samples.REASON, findings=[]), 8, "ai",
)  # fmt: skip
DELETED = samples.event(Topic.DELETED, samples.lifecycle(FILE, change=1), 9)
RESTORED = samples.event(Topic.RESTORED, samples.lifecycle(FILE, change=2), 10)
HELD = samples.event(Topic.HOLD, samples.hold(FILE), 9)
RELEASED = samples.event(Topic.HOLD, samples.hold(FILE, state="released", change=2), 10)
REFUSED = samples.event(Topic.HOLD, samples.hold(FILE, state="refused", change=3, asked="deleted"), 11)
HELD_AGAIN = samples.event(Topic.HOLD, samples.hold(FILE, change=3), 11)
COMPRESSED = samples.event(Topic.STORED, samples.stored(FILE), 9)
PLAIN_AGAIN = samples.event(Topic.STORED, samples.stored(FILE, forms=2, stored_size=4711), 10)
COMPRESSED_SECOND = samples.event(Topic.STORED, samples.stored(FILE, version=2, forms=1, stored_size=7), 9)
SECOND_VERSION = samples.event(
    Topic.UPLOADED, samples.uploaded(FILE, version=2, filename="v2.pdf", title=None, tags=[], metadata={}), 11
)
QUARANTINED = samples.event(Topic.QUARANTINED, samples.quarantined(FILE), 0)
QUARANTINED_SECOND = samples.event(
    Topic.QUARANTINED, samples.quarantined(FILE, version=2, filename="v2.pdf", title=None, tags=[], metadata={}), 11
)
PROCESSED_SECOND = samples.event(
    Topic.PROCESSED,
    samples.processed(FILE, version=2, run=4, text=TextRef(state="empty"), properties={"pages": 9}), 12, "processing",
)  # fmt: skip

STORIES: dict[str, list[Event]] = {
    "plain": [UPLOADED, STARTED, PROCESSED, ANALYZED],
    "an older try failed": [UPLOADED, FAILED_TRY, STARTED_AGAIN, PROCESSED, ANALYZED],
    "a later run failed": [UPLOADED, FAILED_TRY, PROCESSED, FAILED_LATER, ANALYZED],
    "two failures": [UPLOADED, FAILED_TRY, FAILED_LATER, UNAVAILABLE],
    "a later run was cancelled": [UPLOADED, PROCESSED, CANCELLED, ANALYZED],
    "analysed again and then not": [UPLOADED, PROCESSED, ANALYZED, ANALYZED_AGAIN, UNAVAILABLE],
    "deleted and restored": [UPLOADED, STARTED, PROCESSED, ANALYZED, DELETED, RESTORED],
    "deleted while processing": [UPLOADED, STARTED, DELETED, PROCESSED],
    "compressed": [UPLOADED, COMPRESSED, PLAIN_AGAIN, PROCESSED, DELETED, RESTORED],
    "compressed and replaced": [UPLOADED, COMPRESSED, SECOND_VERSION, COMPRESSED_SECOND, PROCESSED_SECOND],
    "refused and compressed": [UPLOADED, REFUSED, COMPRESSED],
    "held": [UPLOADED, HELD, RELEASED, HELD_AGAIN, REFUSED],
    "held and released": [UPLOADED, HELD, RELEASED, DELETED],
    "quarantined": [QUARANTINED, DELETED, RESTORED],
    "quarantined and replaced": [QUARANTINED, SECOND_VERSION, PROCESSED_SECOND],
    "replaced by what is quarantined": [UPLOADED, STARTED, PROCESSED, ANALYZED, QUARANTINED_SECOND],
    "replaced": [UPLOADED, PROCESSED, ANALYZED, SECOND_VERSION, PROCESSED_SECOND],
}


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as made:
        yield made
    engine.dispose()


def document_after(connection: Connection, events: Iterable[Event]) -> dict[str, Any]:
    """What the catalogue makes of these events, in this order, on an empty database."""
    with connection.begin() as transaction:
        for event in events:
            HANDLERS[event.type](connection, event)
        found = document(connection)
        transaction.rollback()
    return found


def document(connection: Connection) -> dict[str, Any]:
    row = connection.execute(select(documents)).mappings().one()
    return {name: value for name, value in row.items() if name not in COUNTERS}


def after_every_order(
    connection: Connection, events: list[Event], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Each permutation and its document. Orders that begin alike share that beginning, as a tree of savepoints."""
    for event in events:
        with connection.begin_nested() as savepoint:
            HANDLERS[event.type](connection, event)
            rest = [other for other in events if other is not event]
            order = (*before, event.type)
            if rest:
                yield from after_every_order(connection, rest, order)
            else:
                yield order, document(connection)
            savepoint.rollback()


@pytest.mark.parametrize("story", STORIES)
def test_handlers_when_events_come_in_any_order_then_the_document_is_the_same(
    connection: Connection, story: str
) -> None:
    """Every permutation of up to six events, whatever their times of arrival."""
    events = STORIES[story]
    wanted = document_after(connection, events)
    orders = 0
    with connection.begin() as transaction:
        for order, found in after_every_order(connection, events):
            assert found == wanted, order
            orders += 1
        transaction.rollback()
    assert orders == math.factorial(len(events))


@pytest.mark.parametrize("story", STORIES)
def test_handlers_when_events_come_twice_then_the_document_is_the_same(connection: Connection, story: str) -> None:
    """Each event two or three times, shuffled: 30 draws with a printed seed."""
    events = STORIES[story]
    wanted = document_after(connection, events)
    for seed in range(30):
        order = events * 2 + events[:2]
        random.Random(seed).shuffle(order)
        assert document_after(connection, order) == wanted, f"seed {seed}"


def test_handlers_when_a_version_is_quarantined_then_its_states_have_ended_and_say_why(connection: Connection) -> None:
    """Nobody will work on it: neither processing nor the analysis may seem to be under way."""
    found = document_after(connection, STORIES["replaced by what is quarantined"])
    assert (found["version"], found["status"], found["analysis"]) == (2, "quarantined", "unavailable")
    assert found["status_reason"]["code"] == found["analysis_reason"]["code"] == "infected"
    assert (found["title"], found["text"], found["findings"]) == ("An invoice", None, [])


def test_handlers_when_the_story_is_told_then_the_document_says_what_happened(connection: Connection) -> None:
    """The order does not matter, and the result is right."""
    found = document_after(connection, reversed(STORIES["a later run failed"]))
    assert (found["known"], found["filename"], found["title"]) == (True, "invoice.pdf", "An invoice")
    assert (found["tags"], found["custom"]) == (["money", "2026"], {"cost_centre": 7})
    assert (found["status"], found["status_reason"]["code"]) == ("failed", "parser-crashed")
    assert (found["properties"], found["text"]["state"]) == ({"pages": 2}, "found")
    assert (found["content_type"], found["processing_ms"]) == ("application/pdf", 120.5)
    assert found["analysis"] == "done"
    assert found["created_at"] == samples.START


def test_held_when_it_was_released_and_held_again_then_the_newest_word_counts(connection: Connection) -> None:
    """That somebody was refused changes nothing."""
    found = document_after(connection, reversed(STORIES["held"]))
    assert (found["hold"]["reason"], found["hold_change"]) == ("The case of Oslo", 3)
    found = document_after(connection, reversed(STORIES["held and released"]))
    assert (found["hold"], found["hold_change"], found["deleted"]) == (None, 2, True)


def test_analyzed_when_it_is_asked_again_for_one_capability_then_the_other_stays(connection: Connection) -> None:
    """A re-run of one capability replaces that one."""
    found = document_after(connection, STORIES["analysed again and then not"])
    assert {one["capability"]: one["result"] for one in found["findings"]} == {"language": "de", "keywords": ["a"]}
    assert (found["analysis"], found["analysis_reason"]["code"]) == ("unavailable", "parser-crashed")


def test_replaced_when_the_new_version_comes_then_nothing_of_the_old_content_stays(connection: Connection) -> None:
    """Text and findings belong to a version; title and tags belong to the file."""
    found = document_after(connection, STORIES["replaced"])
    assert (found["version"], found["filename"], found["title"]) == (2, "v2.pdf", "An invoice")
    assert (found["properties"], found["text"]["state"], found["findings"]) == ({"pages": 9}, "empty", [])
    assert found["analysis"] == "pending"


def test_changed_when_anything_others_copy_changes_then_they_are_told_with_a_growing_revision(
    connection: Connection,
) -> None:
    """Copies are moved by revision, so each change has a higher one."""
    with connection.begin() as transaction:
        for event in STORIES["plain"]:
            HANDLERS[event.type](connection, event)
        bodies = connection.exec_driver_sql("SELECT body FROM outbox ORDER BY seq").scalars().all()
        transaction.rollback()
    told = [FileUpdated.model_validate(Event.model_validate_json(body).data) for body in bodies]
    assert [one.status for one in told] == ["uploaded", "processing", "processed", "processed"]
    assert [one.analysis for one in told] == ["pending", "pending", "pending", "done"]
    assert sorted({one.revision for one in told}) == [one.revision for one in told]


def test_patch_when_members_are_set_removed_or_absent_then_rfc_7396_holds(connection: Connection) -> None:
    """Null removes, absence keeps, custom fields merge by name, tags are replaced whole."""

    def patched(**asked: Any) -> dict[str, Any]:
        row = repository.get(connection, samples.OWNER, FILE)
        assert row is not None
        changed = catalogue.patch(connection, row, DocumentPatch.model_validate(asked))
        return {name: changed[name] for name in ("title", "description", "tags", "custom")}

    with connection.begin() as transaction:
        HANDLERS[Topic.UPLOADED](connection, UPLOADED)
        assert patched(title="New", custom={"a": 1}) == {
            "title": "New", "description": None, "tags": ["money", "2026"], "custom": {"cost_centre": 7, "a": 1},
        }  # fmt: skip
        assert patched(title=None, tags=["x", "x"], custom={"cost_centre": None}) == {
            "title": None, "description": None, "tags": ["x"], "custom": {"a": 1},
        }  # fmt: skip
        assert patched(custom=None)["custom"] == {}
        transaction.rollback()


def test_get_many_when_asked_for_any_number_then_each_is_what_get_says(connection: Connection) -> None:
    """Living documents of the owner in the key; deleted, foreign, half known and unknown ones are left out."""
    ids = [f"019c2d6e-{number:04d}-7000-8000-00000000004d" for number in range(5)]
    told = [samples.event(Topic.UPLOADED, samples.uploaded(file_id), 0) for file_id in ids[:3]]
    told.append(samples.event(Topic.DELETED, samples.lifecycle(ids[1], change=1), 1))
    told.append(samples.event(Topic.PROGRESS, samples.progress(ids[3]), 1, "processing"))
    keys = [(samples.OWNER, file_id) for file_id in ids] + [("somebody-else", ids[0])]
    with connection.begin() as transaction:
        for event in told:
            HANDLERS[event.type](connection, event)
        for number in range(1, len(keys) + 1):
            found = repository.get_many(connection, keys[:number])
            for key in keys[:number]:
                row = repository.get(connection, *key)
                assert found.get(key) == (None if row is None else {name: row[name] for name in repository.SHOWN})
        assert set(found) == {(samples.OWNER, ids[0]), (samples.OWNER, ids[2])}
        transaction.rollback()
