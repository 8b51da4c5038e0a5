"""Pictures made when somebody asks: `page-N` of a PDF or office document, a `card` and other sizes of whatever has a preview.

They are made in a sandbox of this process, a few at a time, and kept beside those of a run, so that the next request finds
them. A later run of the file drops them: the next request makes them anew. What waits here has no job: a client that
leaves, or a process that dies, loses nothing but the picture, and asking again makes it.
"""

import asyncio
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.jobs.worker import JobFailed
from filemill.chassis.sandbox import Limits, Sandbox, SandboxUnavailableError
from filemill.chassis.storage.store import BlobStore
from filemill.contracts.processing import RenditionRef
from filemill.processing import keeping, repository
from filemill.processing.errors import RenditionFailed
from filemill.processing.plan import OFFICE, PDF, PICTURE, Plan
from filemill.processing.steps import conversion, guarded, image_renditions, office_page, pdf_page
from filemill.processing.steps.context import Step
from filemill.processing.steps.image_renditions import CARD, PREVIEW, SIDE_PX
from filemill.processing.steps.options import Options

AT_ONCE = 2
"""Pictures being made; a page takes about a tenth of a second."""
WAITING_MOST = 50
"""Requests that may wait for their turn; more are told to come back."""
RETRY_AFTER_S = 5
CONVERSIONS_MOST = 50
"""Of one file, kept; of more the oldest go, and are made again if somebody still asks."""
_PAGES: dict[str, tuple[Step, Plan]] = {PDF.name: (pdf_page, PDF), OFFICE.name: (office_page, OFFICE)}


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be made of which blob, by which step."""

    file: RowMapping
    name: str
    step: Step
    storage_key: str
    filename: str
    content_type: str
    limits: Limits


@dataclass(slots=True)
class OnRequest:
    """Makes them. Belongs to one event loop; `scratch` is a folder of this process. `close` ends the sandbox."""

    database: Database
    store: BlobStore
    sandbox: Sandbox
    scratch: Path
    options: Options = field(default_factory=Options)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _started: bool = False
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _trying_out: "asyncio.Task[None] | None" = None
    _making: dict[tuple[str, int, str], "asyncio.Task[RowMapping]"] = field(default_factory=dict)

    def try_out(self) -> None:
        """Find out in the background how well files are confined on this machine: `confinement` tells."""
        self._trying_out = asyncio.create_task(self.sandbox.try_out(), name="sandbox try-out")

    async def confinement(self) -> str:
        """How well, in words. Raises `Unavailable` where it is not enough to start."""
        if self._trying_out is not None:
            try:
                await asyncio.shield(self._trying_out)
            except SandboxUnavailableError as error:
                raise Unavailable(str(error)) from error
        return self.sandbox.level.in_words

    async def rendition(self, owner_id: str, file_id: str, name: str) -> RowMapping:
        """The row of a picture, made if need be. Whoever asks for the same one meanwhile waits for the same work.

        Raises `NotFound`, `RenditionFailed`, and `Unavailable` if too many wait.
        """
        row, order = await self.database.read(_look, owner_id, file_id, name)
        if row is not None or order is None:
            return _found(row, name)
        key = (file_id, order.file["version"], name)
        if key not in self._making:
            if len(self._making) >= WAITING_MOST:
                raise Unavailable("Too many pictures are being made; ask again soon.", retry_after_s=RETRY_AFTER_S)
            task = asyncio.create_task(self._make(owner_id, file_id, name), name=f"rendition {name}")
            task.add_done_callback(lambda _task: self._making.pop(key, None))
            self._making[key] = task
        return await asyncio.shield(self._making[key])

    async def signed(self, file_id: str, name: str) -> RowMapping:
        """As `rendition`, for whoever shows an address that was signed for it."""
        owner_id = await self.database.read(_owner_of, file_id)
        return await self.rendition(owner_id, file_id, name)

    async def close(self) -> None:
        """Stop what is being made."""
        tasks: list[asyncio.Task[Any]] = list(self._making.values())
        if self._trying_out is not None:
            tasks.append(self._trying_out)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._started:
            await self.sandbox.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    async def _make(self, owner_id: str, file_id: str, name: str) -> RowMapping:
        async with self._turns:
            row, order = await self.database.read(_look, owner_id, file_id, name)
            if row is not None or order is None:  # made while this one waited, by this process or another
                return _found(row, name)
            await self._start()
            work_dir = Path(tempfile.mkdtemp(dir=self.scratch))
            try:
                made = await self._draw(order, work_dir)
            finally:
                await asyncio.to_thread(shutil.rmtree, work_dir, ignore_errors=True)
        crash_point("processing.drawn")
        row = await self.database.write("processing.drawn", _keep, order, made)
        if row is None:
            raise NotFound("There is no such file.")  # deleted or replaced meanwhile; the blob goes
        return row

    async def _start(self) -> None:
        async with self._starting:
            if not self._started:
                try:
                    await self.sandbox.start()
                except SandboxUnavailableError as error:
                    raise Unavailable("Pictures cannot be made here: the sandbox does not start.") from error
                self._started = True

    async def _draw(self, order: _Order, work_dir: Path) -> RenditionRef:
        source, out = work_dir / "source", work_dir / "out"
        out.mkdir()
        await self.store.fetch(order.storage_key, source)
        request: dict[str, Any] = {
            "filename": order.filename,
            "content_type": order.content_type,
            "renditions": [order.name],
            "only": [order.step.NAME],
            "options": asdict(self.options),
        }
        processed = await guarded.process(self.sandbox, request, source=source, work_dir=out, limits=order.limits)
        if processed.result is None:
            raise RenditionFailed(processed.outcome.detail or "Reading the file failed.")
        made = next((one for one in processed.result["renditions"] if one["name"] == order.name), None)
        if made is None:
            said = next((one for one in processed.result["steps"] if one["name"] == order.step.NAME), None)
            detail = (said["detail"] if said else None) or "The file is not what its type says."
            if said and said["code"] == pdf_page.NO_SUCH_PAGE:
                raise NotFound(detail)
            raise RenditionFailed(detail)
        try:
            return await keeping.keep_rendition(self.store, made, out)
        except JobFailed as error:
            raise RenditionFailed(error.verdict.detail) from error


def _owner_of(tx: Tx, file_id: str) -> str:
    file = repository.known.get(tx, file_id)
    if file is None:
        raise NotFound("There is no such file.")
    return str(file["owner_id"])


def _look(tx: Tx, owner_id: str, file_id: str, name: str) -> tuple[RowMapping | None, _Order | None]:
    """What exists, else how it can be made."""
    file = repository.known.living(tx, owner_id, file_id)
    if file is None:
        raise NotFound("There is no such file.")
    row = repository.rendition(tx, owner_id, file_id, name)
    if row is not None and row["version"] == file["version"]:
        return row, None
    wish, plan = conversion.wish_in(name), repository.plan_of(tx, file_id, file["version"])
    itself = (file["storage_key"], file["filename"], file["content_type"])
    if pdf_page.page_in(name) is not None and plan in _PAGES:
        step, of = _PAGES[plan]
        return None, _Order(file, name, step, *itself, of.limits)
    preview = repository.rendition(tx, owner_id, file_id, PREVIEW)
    if (name == CARD or wish) and preview is not None and preview["version"] == file["version"]:
        shown = (preview["storage_key"], PREVIEW, preview["content_type"])
        if wish is None:
            return None, _Order(file, name, image_renditions, *shown, PICTURE.limits)
        # A picture is worth decoding again only for more of it than the preview has.
        enough = wish.is_bound and max(wish.width_px, wish.height_px) <= SIDE_PX[PREVIEW]
        key, filename, content_type = itself if plan == PICTURE.name and not enough else shown
        return None, _Order(file, name, conversion, key, filename, content_type, PICTURE.limits)
    return row, None  # of the version before, until this one is processed


def _found(row: RowMapping | None, name: str) -> RowMapping:
    if row is None:
        raise NotFound(f"This file has no rendition named {name!r}.")
    return row


def _keep(tx: Tx, order: _Order, made: RenditionRef) -> RowMapping | None:
    """The row that is there afterwards: somebody else's if another process was faster; None if the version is gone."""
    hold(tx, order.file["file_id"])
    made_by = {"asked": True, "steps": {order.step.NAME: order.step.VERSION}}
    row = repository.add_rendition(tx, order.file, made, made_by)
    if order.step is conversion:
        repository.drop_oldest(tx, order.file["file_id"], conversion.PREFIX, CONVERSIONS_MOST)
    return row
