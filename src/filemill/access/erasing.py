"""Erasing an owner: access decides, ends every credential at once, and asks the services for two stages (`owner_erasure`).

`files` until every file is gone everywhere, `rest` for what still names the owner; then the sessions of the shared store and
the owner's name in the receipt itself go. Each step is a transaction that a killed process repeats or finds done.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from filemill.access import erasures_repository
from filemill.access.errors import OwnerBeingErased
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx, hold, mark_commit
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.owner_erasure import mark_of
from filemill.chassis.sessions.store import ForgetsUsers, SessionStore
from filemill.contracts.envelope import Event
from filemill.contracts.erasures import OwnerEraseConfirmed, OwnerErasing, OwnerErasure, Remains, ServiceErasure
from filemill.contracts.topics import Topic, queues_for

SERVICES = tuple(sorted(queue.partition(".")[0] for queue in queues_for(Topic.OWNER_ERASING)))
"""Those whose confirmations end an erasure: everyone who hears of it."""
MARK = "erasures closing"
IDLE_S = 10.0
REMAINS = (
    Remains(what="in the audit trail: that somebody did something to some file, and when, under a mark that names nobody",
            until="for ever: the chain over the trail needs its places"),
    Remains(what="markers that files were purged: ids, counts, times", until="for ever"),
    Remains(what="who placed a legal hold on files of others, and their notes about it", until="the hold is released"),
    Remains(what="dead rows in the pages and the log of PostgreSQL", until="VACUUM, and the log's own rotation"),
    Remains(what="acknowledged messages in the files of RabbitMQ", until="it writes over them"),
    Remains(what="backups", until="the date they are kept to (FILEMILL_BACKUP_KEEP and your copies elsewhere)"),
    Remains(what="log lines with file ids, request ids and addresses", until="the logs rotate"),
)  # fmt: skip


def begin(tx: Tx, owner_id: str, asked_by: str) -> str:
    """Erase an owner; returns the erasure's id, of the one that is at work if there is one."""
    hold(tx, _about(owner_id))
    found = erasures_repository.open_of(tx, owner_id)
    if found is not None:
        return found
    erasure_id = new_id()
    removed = erasures_repository.forget_credentials(tx, owner_id)
    row = {"erasure_id": erasure_id, "owner_id": owner_id, "asked_by": asked_by, "stage": "files", "removed": removed}
    erasures_repository.add(tx, row | {"asked_at": unix_s(), "done_at": None})
    _ask(tx, row)
    return erasure_id


def refuse(tx: Tx, owner_id: str) -> None:
    """For whoever makes a credential, in the transaction that does. Raises `OwnerBeingErased`."""
    hold(tx, _about(owner_id))
    if erasures_repository.open_of(tx, owner_id) is not None:
        raise OwnerBeingErased("This owner is being erased; nothing is made for them until that is done.")


def is_open(tx: Tx, owner_id: str) -> bool:
    """Whether an owner is being erased."""
    return erasures_repository.open_of(tx, owner_id) is not None


def on_confirmed(tx: Tx, event: Event) -> None:
    """A service is done with a stage, or waits. The next stage is asked for once all are done with this one."""
    data = OwnerEraseConfirmed.model_validate(event.data)
    hold(tx, data.erasure_id)
    row = erasures_repository.find(tx, data.erasure_id)
    if row is None or row["stage"] in ("closing", "done"):
        return
    said = {one["service"]: one for one in erasures_repository.said(tx, data.erasure_id)}
    if (old := said.get(data.service)) is not None and old["stage"] == "rest" and data.stage == "files":
        return  # it came late
    new = {
        "erasure_id": data.erasure_id, "service": data.service, "stage": data.stage, "state": data.state,
        "removed": data.removed, "held": data.held, "held_count": data.held_count, "at": event.time.timestamp(),
    }  # fmt: skip
    erasures_repository.say(tx, new)
    said_now: dict[str, Mapping[Any, Any]] = {**said, data.service: new}
    if not all(_is_done(said_now.get(service), row["stage"]) for service in SERVICES):
        return
    following = {"files": "rest", "rest": "closing"}[row["stage"]]
    erasures_repository.change(tx, data.erasure_id, stage=following)
    if following == "rest":
        _ask(tx, {**row, "stage": "rest"})
    else:
        mark_commit(tx, MARK)


class Closing:
    """The last step, in a loop: what no service's database holds, and the name itself."""

    def __init__(self, database: Database, sessions: SessionStore) -> None:
        self._database = database
        self._sessions = sessions
        self._news = asyncio.Event()
        database.on_commit(MARK, self._news.set)

    async def run(self) -> None:
        """Close for ever."""
        while True:
            self._news.clear()
            for row in await self._database.read(erasures_repository.closing):
                count = 0
                if isinstance(self._sessions, ForgetsUsers):
                    count = await self._sessions.forget_user(row["owner_id"])
                await self._database.write("access.erasure.close", close, row["erasure_id"], count)
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()
            except TimeoutError:
                continue


def close(tx: Tx, erasure_id: str, sessions: int) -> None:
    """Nobody remembers whose erasure it was: the news of it goes, and in the receipt stands a mark."""
    hold(tx, erasure_id)
    row = erasures_repository.find(tx, erasure_id)
    if row is None or row["stage"] != "closing":
        return
    removed = row["removed"] | ({"sessions": sessions} if sessions else {})
    mark = mark_of(erasure_id)
    erasures_repository.forget_credentials(tx, row["owner_id"])
    erasures_repository.rename_asker(tx, row["owner_id"], mark)
    erasures_repository.change(tx, erasure_id, owner_id=mark, stage="done", removed=removed, done_at=unix_s())
    outbox.erase(tx, erasure_id)


def receipt(row: RowMapping, said: list[RowMapping]) -> OwnerErasure:
    """An erasure as it is shown."""
    heard = {one["service"]: one for one in said}
    held = [one for one in said if one["state"] == "waiting"]
    is_done = row["stage"] == "done"
    own = ServiceErasure(state="confirmed" if is_done else "pending", removed=row["removed"], at=_time(row["done_at"]))
    return OwnerErasure(
        erasure_id=row["erasure_id"],
        owner_id=None if is_done else row["owner_id"],
        state="done" if is_done else "waiting" if held else "running",
        asked_by=row["asked_by"],
        asked_at=datetime.fromtimestamp(row["asked_at"], UTC),
        done_at=_time(row["done_at"]),
        held=[file_id for one in held for file_id in one["held"]],
        held_count=sum(one["held_count"] for one in held),
        services={"access": own} | {service: _shown(heard.get(service)) for service in SERVICES},
        remains=list(REMAINS),
    )


def _shown(said: RowMapping | None) -> ServiceErasure:
    if said is None:
        return ServiceErasure(state="pending")
    if said["state"] == "waiting":
        return ServiceErasure(state="waiting", removed=said["removed"], at=_time(said["at"]))
    state = "confirmed" if said["stage"] == "rest" else "files-gone"
    return ServiceErasure.model_validate({"state": state, "removed": said["removed"], "at": _time(said["at"])})


def _is_done(said: Mapping[Any, Any] | None, stage: str) -> bool:
    return said is not None and said["state"] == "done" and (said["stage"] == "rest" or stage == "files")


def _ask(tx: Tx, row: Mapping[Any, Any]) -> None:
    data = OwnerErasing(erasure_id=row["erasure_id"], owner_id=row["owner_id"], stage=row["stage"])
    outbox.append(tx, wire.make_event("access", Topic.OWNER_ERASING, row["erasure_id"], data))


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _about(owner_id: str) -> str:
    """What works on an owner's credentials hold."""
    return f"owner {owner_id}"
