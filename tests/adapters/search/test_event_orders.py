"""Any six of the events a file can have, in any order and any of them again, on each engine: one document, and its counts.

`tests/unit/metadata/test_catalogue.py` tries every order of chosen stories; here Hypothesis chooses the story, too.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, select

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.metadata import tallies, tallies_repository
from filemill.metadata.consumers import HANDLERS
from filemill.metadata.tables import documents, metadata, tally_changes
from filemill.metadata.tables import tallies as tally_sums
from filemill.metadata.tallying import count_again
from support import samples
from support.searching import ENGINES
from unit.metadata import test_catalogue as told

FILE = told.FILE
DELETED_AGAIN = samples.event(Topic.DELETED, samples.lifecycle(FILE, change=3), 12)
WORK: list[Event] = [
    told.STARTED, told.FAILED_TRY, told.STARTED_AGAIN, told.PROCESSED, told.FAILED_LATER, told.ANALYZED, told.ANALYZED_AGAIN,
    told.UNAVAILABLE,
]  # fmt: skip
LIFE: list[Event] = [
    told.DELETED, told.RESTORED, DELETED_AGAIN, told.HELD, told.RELEASED, told.REFUSED, told.COMPRESSED, told.PLAIN_AGAIN,
]  # fmt: skip
FIRST = {told.UPLOADED.id: [*WORK, *LIFE], told.QUARANTINED.id: LIFE}
"""A version, and what may happen after it: nobody works on one that is quarantined."""
SECOND = {
    told.SECOND_VERSION.id: [told.PROCESSED_SECOND, told.COMPRESSED_SECOND],
    told.QUARANTINED_SECOND.id: [told.COMPRESSED_SECOND],
}
ALWAYS = (-(10**6), 10**6)
"""Days."""


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """(events of a file as they happened, the same as they arrive): up to six, some twice."""
    first = draw(st.sampled_from([told.UPLOADED, told.QUARANTINED]))
    events = [first]
    if draw(st.booleans()):
        second = draw(st.sampled_from([told.SECOND_VERSION, told.QUARANTINED_SECOND]))
        events += [second, *draw(st.lists(st.sampled_from(SECOND[second.id]), unique_by=id, max_size=2))]
    events += draw(st.lists(st.sampled_from(FIRST[first.id]), unique_by=id, max_size=6 - len(events)))
    happened = sorted(events, key=lambda event: event.time)
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    return happened, draw(st.permutations([*events, *again]))


def state(tx: Tx, events: Sequence[Event]) -> tuple[dict[str, Any], list[Any]]:
    """The document and its counts after these events on an empty catalogue, and whether a recount agrees."""
    for table in (documents, tally_sums, tally_changes):
        tx.execute(delete(table))
    for event in events:
        HANDLERS[event.type](tx, event)
    row = tx.execute(select(documents)).mappings().one()
    found = sorted(tallies_repository.sums(tx, samples.OWNER, tallies.OF_DOCUMENTS, ALWAYS, by_day=True))
    count_again(tx)
    assert sorted(tallies_repository.sums(tx, samples.OWNER, tallies.OF_DOCUMENTS, ALWAYS, by_day=True)) == found
    return {name: value for name, value in row.items() if name not in told.COUNTERS}, found


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[asyncio.Runner, Database]]:
    """A catalogue of this module's own, and a loop to use it on."""
    folder: Path = tmp_path_factory.mktemp("orders")
    with asyncio.Runner() as runner:

        async def opened() -> Database:
            if request.param == "sqlite":
                return open_sqlite(folder / "catalogue.db")
            return open_postgresql(request.getfixturevalue("postgresql_server").fresh_database(), "test")

        database = runner.run(opened())
        runner.run(database.write("test.make", metadata.create_all))
        yield runner, database
        runner.run(database.close())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(story=stories())
def test_handlers_when_events_come_in_any_order_and_again_then_the_state_is_the_same(
    engine: tuple[asyncio.Runner, Database], story: tuple[list[Event], list[Event]]
) -> None:
    """What the document says and what is counted of it depends on what happened alone."""
    runner, database = engine
    happened, arrived = story
    wanted = runner.run(database.write("test.happened", state, happened))
    assert runner.run(database.write("test.arrived", state, arrived)) == wanted
