"""What ai makes of the events it hears: it waits for processing, and analyses once per run."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool

from filemill.ai.consumers import handlers
from filemill.ai.ledger import EVENT_FINDINGS_MOST_BYTES, for_event
from filemill.ai.tables import jobs, known_files, metadata
from filemill.chassis.errors import Unavailable
from filemill.chassis.messaging import wire
from filemill.contracts.topics import Topic
from support import samples

FILE = "019c2d6e-0000-7000-8000-00000000004d"
HANDLERS = handlers(120.0)
UPLOADED = samples.event(Topic.UPLOADED, samples.uploaded(FILE))
PROCESSED = samples.event(Topic.PROCESSED, samples.processed(FILE))
FAILED = samples.event(Topic.FAILED, samples.failed(FILE))
DELETED = samples.event(Topic.DELETED, samples.lifecycle(FILE, change=1))
RESTORED = samples.event(Topic.RESTORED, samples.lifecycle(FILE, change=2))


@pytest.fixture
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def handle(tx: Connection, *events: object) -> list[str]:
    """The states of the file's jobs after these events."""
    for event in events:
        HANDLERS[event.type](tx, event)  # type: ignore[attr-defined]
    return list(tx.execute(select(jobs.c.state).order_by(jobs.c.run)).scalars())


@pytest.mark.parametrize("ended", [PROCESSED, FAILED])
def test_processed_when_the_upload_is_known_then_it_is_analysed_once(tx: Connection, ended: object) -> None:
    """Processing's end, good or bad, begins the analysis; a duplicate begins none."""
    assert handle(tx, UPLOADED) == []
    assert handle(tx, ended, ended, UPLOADED) == ["queued"]


def test_processed_when_it_overtakes_the_upload_then_it_waits_for_it(tx: Connection) -> None:
    """It is given back without blame; the upload comes through the same queue."""
    with pytest.raises(Unavailable):
        handle(tx, PROCESSED)
    assert handle(tx, UPLOADED, PROCESSED) == ["queued"]


def test_deleted_when_an_analysis_waits_then_it_is_cancelled_and_restored_with_the_file(tx: Connection) -> None:
    """Nothing works on what is in the trash."""
    assert handle(tx, UPLOADED, PROCESSED, DELETED) == ["cancelled"]
    assert handle(tx, RESTORED) == ["cancelled", "queued"]


def test_uploaded_when_a_new_version_comes_then_what_was_known_of_the_old_one_is_gone(tx: Connection) -> None:
    """Text and preview belong to a version."""
    second = samples.event(Topic.UPLOADED, samples.uploaded(FILE, version=2))
    handle(tx, UPLOADED, PROCESSED, second, PROCESSED)
    row = tx.execute(select(known_files)).mappings().one()
    assert (row["version"], row["text_key"], row["processed_run"]) == (2, None, 0)


def test_for_event_when_findings_are_large_then_the_event_still_fits() -> None:
    """Evidence goes first, then results; the whole is asked for over HTTP."""
    large = [
        samples.finding(name, {"text": "x" * 30_000}, evidence=[{"span": "y" * 2_000}] * 20) for name in ("a", "b", "c")
    ]
    shown = for_event(large)
    assert [one.capability for one in shown] == ["a", "b", "c"]
    assert any(one.result == {"shortened": True} for one in shown)
    event = samples.event(Topic.ANALYZED, samples.analyzed(FILE, findings=shown))
    assert len(wire.encode(event)) < EVENT_FINDINGS_MOST_BYTES + 4096
    small = [samples.finding("a", "b")]
    assert for_event(small) == small
