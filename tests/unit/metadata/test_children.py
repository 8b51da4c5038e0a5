"""Children of a file in the catalogue: who they came out of, and the list of them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from filemill.chassis.ids import new_id
from filemill.contracts.topics import Topic
from filemill.metadata import lists_repository, repository
from filemill.metadata.consumers import HANDLERS
from filemill.metadata.tables import metadata
from support import samples


@pytest.fixture
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_children_when_listed_then_only_the_living_ones_of_this_parent(tx: Connection) -> None:
    """Also after a new version, whose event says it again; a file without a parent has none."""
    parent, other = new_id(), new_id()
    children = [new_id() for _ in range(3)]
    HANDLERS[Topic.UPLOADED](tx, samples.event(Topic.UPLOADED, samples.uploaded(parent)))
    for number, child in enumerate(children):
        where = {"parent_id": parent if number else other, "parent_path": f"{number}/a.txt", "depth": 1}
        HANDLERS[Topic.UPLOADED](tx, samples.event(Topic.UPLOADED, samples.uploaded(child, **where)))
    HANDLERS[Topic.DELETED](tx, samples.event(Topic.DELETED, samples.lifecycle(children[2], change=1)))
    second = samples.uploaded(children[1], version=2, parent_id=parent, parent_path="1/a.txt", depth=1)
    HANDLERS[Topic.UPLOADED](tx, samples.event(Topic.UPLOADED, second))
    found = lists_repository.listed(tx, samples.OWNER, "newest", 10, None, lists_repository.Within(parent=parent))
    assert [(row["file_id"], row["parent_path"]) for row in found] == [(children[1], "1/a.txt")]
    document = repository.get(tx, samples.OWNER, parent)
    assert document is not None
    assert document["parent_id"] is None
