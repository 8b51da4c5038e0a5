"""What processing makes of the events it hears: one run per version, none for what is gone, in any order."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool

from filemill.contracts.topics import Topic
from filemill.processing.consumers import handlers
from filemill.processing.tables import jobs, known_files, metadata
from support import samples

FILE = "019c2d6e-0000-7000-8000-00000000004d"
HANDLERS = handlers(120.0)
UPLOADED = samples.event(Topic.UPLOADED, samples.uploaded(FILE))
DELETED = samples.event(Topic.DELETED, samples.lifecycle(FILE, change=1))
RESTORED = samples.event(Topic.RESTORED, samples.lifecycle(FILE, change=2))


@pytest.fixture
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def handle(tx: Connection, *events: Any) -> list[str]:
    """The states of the file's jobs after these events."""
    for event in events:
        HANDLERS[event.type](tx, event)
    return list(tx.execute(select(jobs.c.state).order_by(jobs.c.run)).scalars())


def test_uploaded_when_it_comes_twice_then_there_is_one_run(tx: Connection) -> None:
    """A duplicate makes no second job, and a new version makes one."""
    assert handle(tx, UPLOADED, UPLOADED) == ["queued"]
    assert handle(tx, samples.event(Topic.UPLOADED, samples.uploaded(FILE, version=2))) == ["queued", "queued"]


def test_deleted_when_a_run_waits_then_it_is_cancelled_and_a_restore_begins_another(tx: Connection) -> None:
    """Nothing works on what is in the trash."""
    assert handle(tx, UPLOADED, DELETED) == ["cancelled"]
    assert handle(tx, RESTORED) == ["cancelled", "queued"]
    assert handle(tx, DELETED, RESTORED) == ["cancelled", "queued"]


@pytest.mark.parametrize("order", list(itertools.permutations([UPLOADED, DELETED, RESTORED])), ids=range(6))
def test_handlers_when_events_come_in_any_order_then_one_open_run_and_the_file_lives(
    tx: Connection, order: tuple[Any, ...]
) -> None:
    """A delete that is overtaken by its restore does not win."""
    states = handle(tx, *order)
    assert states.count("queued") == 1
    row = tx.execute(select(known_files)).mappings().one()
    assert (row["deleted"], row["version"], row["change"]) == (False, 1, 2)


@pytest.mark.parametrize("order", list(itertools.permutations([UPLOADED, DELETED])), ids=range(2))
def test_handlers_when_it_was_deleted_then_no_run_is_open_in_any_order(tx: Connection, order: tuple[Any, ...]) -> None:
    """An upload that is told of after its delete stays deleted."""
    assert "queued" not in handle(tx, *order)
