"""Parts become files: a loop that always runs hands each to upload, which decides about it as about any upload.

The key of a part is always the same, so a crash between upload's answer and our row makes no second file: the next try gets
the same answer. A refusal (quota, type, size, nothing in it) ends the part and is shown; while upload is away, or too busy,
it waits, longer each time; one that upload breaks on again and again is refused in the end. What a part's bytes need in
memory is one piece of them.
"""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.resilience.service_client import Answer, Failed, ServiceClient
from filemill.chassis.storage.store import BlobStore, drain
from filemill.processing import parts_repository

IDLE_S = 1.0
AT_ONCE = 2
CALL_LEAST_S = 60.0
"""For upload's own work; on top comes the time of the bytes."""
SLOWEST_BYTES_S = 1024 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
TRIES_MOST = 10
"""About ten minutes. Only an upload that answers, and fails on this part, ends the waiting; one that is away never does."""

_BROKEN = {
    "reason_code": "upload-fails",
    "reason_detail": f"Upload failed on it {TRIES_MOST} times; its log says why. Unpack the file again to try again.",
}
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Handing:
    """The loop of one process; several processes share the parts."""

    database: Database
    store: BlobStore
    upload: ServiceClient

    async def run(self) -> None:
        """Hand over for ever."""
        while True:
            await self.free_dead()
            while await self.hand_some():
                pass
            await asyncio.sleep(IDLE_S)

    async def free_dead(self) -> None:
        """What a process had in its hands when it died on this machine is due at once; elsewhere when its time is over."""
        gone = await self.database.read(parts_repository.dead_holders)
        if gone:
            await self.database.write("processing.part.free", parts_repository.free, gone)

    async def hand_some(self) -> int:
        """A few of those that are due; returns how many. Looking is cheaper than a claim that finds nothing."""
        if not await self.database.read(parts_repository.any_due):
            return 0
        return sum(await asyncio.gather(*[self.hand_one() for _ in range(AT_ONCE)]))

    async def hand_one(self) -> bool:
        """The next part that is due; False if there is none."""
        part = await self.database.write("processing.part.claim", _claim)
        if part is None:
            return False
        crash_point("processing.part.taken")
        try:
            answer = await self._hand(part)
        except Unavailable as error:
            if _breaks_upload(error) and part["attempts"] >= TRIES_MOST:
                await self._ends(part, parts_repository.REFUSED, _BROKEN)
                return True
            pause_s = max(_pause_s(part["attempts"]), error.retry_after_s or 0)
            await self.database.write(
                "processing.part.put-off", parts_repository.put_off, part, pause_s, error.code, error.detail
            )
            return True
        crash_point("processing.part.answered")
        await self._ends(part, *_ended(answer))
        return True

    async def _ends(self, part: RowMapping, state: str, values: dict[str, Any]) -> None:
        ended = await self.database.write("processing.part.end", _end, part, state, values)
        _log.info(
            "processing.part.ended", file_id=part["file_id"], number=part["number"], state=state, ended=ended,
            child_id=values.get("child_id"), code=values.get("reason_code"),
        )  # fmt: skip

    async def _hand(self, part: RowMapping) -> Answer:
        try:
            reader = await self.store.open(part["storage_key"])
        except NotFound:
            return Answer(410, {"code": "blob-missing", "detail": "Its bytes are gone; unpack the file again."})
        try:
            return await self.upload.put(
                f"/files/{part['file_id']}/children",
                {"filename": part["name"], "path": part["path"]},
                drain(reader),
                part["size"],
                key=key_of(part),
                total_s=_call_s(part["size"]),
                for_owner=part["owner_id"],
            )
        finally:
            await reader.close()


def key_of(part: RowMapping) -> str:
    """The Idempotency-Key of a part: the same in every try, in every process."""
    return f"part.{part['file_id']}.{part['version']}.{part['number']}"


def _claim(tx: Tx) -> RowMapping | None:
    """In our hands for longer than the longest call: nobody else tries meanwhile."""
    return parts_repository.claim(tx, lambda size: _call_s(size) + CALL_LEAST_S)


def _end(tx: Tx, part: RowMapping, state: str, values: dict[str, Any]) -> bool:
    return parts_repository.end(tx, part, state, **values)


def _ended(answer: Answer) -> tuple[str, dict[str, Any]]:
    if answer.is_yes:
        return parts_repository.HANDED, {"child_id": answer.body["file_id"]}
    code, detail = answer.body.get("code"), answer.body.get("detail")
    return parts_repository.REFUSED, {
        "reason_code": str(code or f"http-{answer.status}")[:80],
        "reason_detail": str(detail or "Upload did not take it.")[:500],
    }


def _breaks_upload(error: Unavailable) -> bool:
    """An internal error: upload is there and does not get on with this part. 502 to 504 say that it is away or busy."""
    return isinstance(error, Failed) and error.answered == 500


def _call_s(size_bytes: int) -> float:
    return CALL_LEAST_S + size_bytes / SLOWEST_BYTES_S


def _pause_s(attempts: int) -> float:
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter
