"""Owners who are being erased, in one service: the row of each erasure, and what others ask of it.

`access` decides and tells two stages by `owner.erasing`. `files`: what can go at once goes, and upload, which gives
`files`, purges every file; a file under a legal hold keeps the stage open. `rest`: all files are gone everywhere, so what is
left of the owner is deleted or gets a mark that names nobody. The event leaves a row, and `owner_erasure_loop` does the
work.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Float,
    MetaData,
    RowMapping,
    String,
    Table,
    and_,
    insert,
    or_,
    select,
    update,
)

from filemill.chassis import erasure
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx, hold, mark_commit
from filemill.chassis.database.inventory import KeptTable
from filemill.contracts.envelope import Event
from filemill.contracts.erasures import OwnerErasing

MARK = "owner erasures"
"""The commit mark that wakes the loop."""
REMEMBERED_S = 24 * 3600
"""Whose it was is known to whoever says the name for so long: no upload token lives longer."""


def owner_erasures_table(metadata: MetaData) -> Table:
    """The erasures that one service heard of; each service calls this once in its `tables.py`."""
    return Table(
        "owner_erasures",
        metadata,
        Column("erasure_id", String(36), primary_key=True),
        Column("owner_id", String(200), nullable=False),
        # files, rest: at work; told: of `files`, and confirmed; done.
        Column("stage", String(10), nullable=False),
        Column("removed", JSON, nullable=False),
        # The legal holds that were told of last.
        Column("said", JSON(none_as_null=True)),
        Column("began_at", Float, nullable=False),
        Column("digest", String(64)),
    )


def kept(table: Table) -> KeptTable:
    """The erasures in a service's inventory."""
    return KeptTable(table, survives="about an owner: nothing of any file", erase_owner=lambda _tx, _owner, _mark: 0)


_ERASURES = owner_erasures_table(MetaData())
"""The same in every service, so one set of statements serves all."""


_WHOSE = _ERASURES.c.erasure_id, _ERASURES.c.owner_id, _ERASURES.c.digest


def on_erasing(tx: Tx, event: Event) -> None:
    """The handler of `owner.erasing`: a row for the loop."""
    data = OwnerErasing.model_validate(event.data)
    hold(tx, data.erasure_id)
    found = find(tx, data.erasure_id)
    if found is None:
        row = {"erasure_id": data.erasure_id, "owner_id": data.owner_id, "stage": data.stage, "removed": {}}
        tx.execute(insert(_ERASURES), row | {"said": None, "began_at": unix_s(), "digest": None})
    elif data.stage == "rest" and found["stage"] in ("files", "told"):
        set_values(tx, data.erasure_id, stage="rest", began_at=unix_s())
    mark_commit(tx, MARK)


def was_erased(tx: Tx, owner_id: str) -> bool:
    """Whether an owner is being erased, or was within a day: for whoever shows what cannot be taken back."""
    recent = or_(_ERASURES.c.stage != "done", _ERASURES.c.began_at > unix_s() - REMEMBERED_S)
    rows = tx.execute(select(*_WHOSE).where(recent)).all()
    return any(owner_id == named or digest_of(erasure_id, owner_id) == digest for erasure_id, named, digest in rows)


def renamed(tx: Tx, event: Event) -> Event:
    """An event that was on its way while an owner was erased, without the name. For `messaging.consumer`.

    An event from after the end is about somebody else, who may bear the same name.
    """
    names = {said[key] for said, key in _names_in(event.data)}
    if not names:
        return event
    # Narrow, and few: hundreds may have been erased today, and every event asks.
    ended = and_(_ERASURES.c.digest.is_not(None), _ERASURES.c.began_at >= event.time.timestamp())
    going = and_(_ERASURES.c.stage == "rest", _ERASURES.c.owner_id.in_(names))
    for erasure_id, owner_id, digest in tx.execute(select(*_WHOSE).where(or_(going, ended))).all():
        for name in {said[key] for said, key in _names_in(event.data)}:
            if name == owner_id or (digest is not None and digest_of(erasure_id, name) == digest):
                data = orjson.loads(orjson.dumps(event.data))
                rename(data, name, mark_of(erasure_id))
                event = event.model_copy(update={"data": data})
    return event


def mark_of(erasure_id: str) -> str:
    """What stands where an erased owner's name stood."""
    return erasure.ERASED + erasure_id


def is_mark_of_erased(tx: Tx, name: str) -> bool:
    """Whether a name is the mark of an owner who was erased here."""
    if not name.startswith(erasure.ERASED):
        return False
    return find(tx, name.removeprefix(erasure.ERASED)) is not None


def rename(data: dict[str, Any], owner_id: str, mark: str) -> bool:
    """Put the mark wherever an event's data names the owner; whether it did."""
    mine = [(said, key) for said, key in _names_in(data) if said[key] == owner_id]
    for said, key in mine:
        said[key] = mark
    return bool(mine)


def _names_in(data: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Where an event's data names somebody: whose file it is, who did it, who placed a hold."""
    places = (data, "owner_id"), (data, "actor"), (data.get("hold") or {}, "placed_by")
    return [(said, key) for said, key in places if isinstance(said.get(key), str)]


def open_erasures(tx: Tx) -> list[RowMapping]:
    """Those with work left in this service, oldest first."""
    query = select(_ERASURES).where(_ERASURES.c.stage.in_(("files", "rest"))).order_by(_ERASURES.c.erasure_id)
    return list(tx.execute(query).mappings())


def find(tx: Tx, erasure_id: str) -> RowMapping | None:
    """One erasure; None if this service heard of no such."""
    return tx.execute(select(_ERASURES).where(_ERASURES.c.erasure_id == erasure_id)).mappings().first()


def find_many(tx: Tx, erasure_ids: Sequence[str]) -> list[RowMapping]:
    """Those of them that this service heard of."""
    return list(tx.execute(select(_ERASURES).where(_ERASURES.c.erasure_id.in_(erasure_ids))).mappings())


def set_values(tx: Tx, erasure_id: str, **values: Any) -> None:
    """Change the row of one erasure."""
    tx.execute(update(_ERASURES).where(_ERASURES.c.erasure_id == erasure_id).values(**values))


def _is_old() -> ColumnElement[bool]:
    return and_(_ERASURES.c.digest.is_not(None), _ERASURES.c.began_at < unix_s() - REMEMBERED_S)


def old_digests(tx: Tx) -> bool:
    """Whether a digest of a name is kept for longer than `REMEMBERED_S`."""
    return tx.execute(select(_ERASURES.c.erasure_id).where(_is_old()).limit(1)).first() is not None


def forget_digests(tx: Tx) -> int:
    """Drop those; returns how many."""
    return tx.execute(update(_ERASURES).where(_is_old()).values(digest=None)).rowcount


def digest_of(erasure_id: str, owner_id: str) -> str:
    """By which an erased name is known again, within one erasure only (SHA-256, hexadecimal)."""
    return hashlib.sha256(f"{erasure_id}\n{owner_id}".encode()).hexdigest()
