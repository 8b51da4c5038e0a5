"""A purge races with everything else: uploads, versions, deletes, restores, processing, late and repeated events.

A Hypothesis state machine drives the services' own functions in one process, one small step at a time and in any order,
then lets everything settle and looks: a purged file has left nothing anywhere, every other one is whole, and the store
holds exactly the blobs that rows name.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from filemill.chassis.clock import now
from filemill.chassis.database import rows as walked
from filemill.chassis.erasure import silenced
from filemill.chassis.errors import NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.web.caller import Caller
from filemill.contracts.envelope import Event
from filemill.local.installation import Installation, opened, prepare
from filemill.upload import legal_holds, lifecycle, purge, repository
from filemill.upload.body_sink import StoredBody
from filemill.upload.errors import UnderHold
from filemill.upload.intake import Intake
from filemill.upload.rules import Fields
from filemill.upload.settings import UploadSettings
from support.small_installation import HANDLERS, make_index, process, remove, settle

ME = Caller("local", is_admin=True, address=None)
T = TypeVar("T")
SPEAKERS = ("upload", "metadata", "processing", "ai", "notification")

_TEMPLATE: list[Path] = []


def _template() -> Path:
    """An empty installation, migrated once; each example gets a copy."""
    if not _TEMPLATE:
        folder = Path(tempfile.mkdtemp(prefix="filemill-purge-"))
        os.environ["FILEMILL_DATA_DIR"] = str(folder)
        prepare(make=True)

        async def index() -> None:
            async with opened() as mill:
                await make_index(mill)

        asyncio.run(index())
        _TEMPLATE.append(folder)
    return _TEMPLATE[0]


class PurgeRaces(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="filemill-purge-"))
        shutil.copytree(_template(), self.folder, dirs_exist_ok=True)
        os.environ["FILEMILL_DATA_DIR"] = str(self.folder)
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.mill: Installation = self.do(self.stack.enter_async_context(opened()))
        self.intake = Intake(self.db("upload"), self.mill.store, UploadSettings(data_dir=self.folder))
        self.living: list[str] = []
        self.trashed: list[str] = []
        self.purged: list[str] = []
        self.held: set[str] = set()
        self.told: list[Event] = []
        self.bodies = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def db(self, service: str) -> Any:
        return self.mill.parts[service].database

    async def _body(self, content: int) -> StoredBody:
        sink = await self.intake.sink()
        sink.named("a.txt")
        await sink.write(f"content {content}".encode())
        return await sink.finish()

    @rule(content=st.integers(0, 2))
    def upload(self, content: int) -> None:
        """Few contents, so that files come to share blobs."""
        fields = Fields(title=None, tags=[], metadata={}, external_id=None)

        async def work() -> str:
            row = await self.intake.accept(ME, "a.txt", await self._body(content), fields, None)
            return str(row["file_id"])

        self.living.append(self.do(work()))

    @precondition(lambda self: self.living)
    @rule(content=st.integers(0, 2), data=st.data())
    def new_version(self, content: int, data: st.DataObject) -> None:
        """Other content, or the same again."""
        file_id = data.draw(st.sampled_from(self.living))

        async def work() -> None:
            await self.intake.accept_version(ME, file_id, None, await self._body(content), None, None)

        self.do(work())

    @precondition(lambda self: self.living or self.trashed)
    @rule(data=st.data(), placed=st.booleans())
    def hold(self, data: st.DataObject, placed: bool) -> None:
        """A legal hold comes, or ends if there is one."""
        file_id = data.draw(st.sampled_from(self.living + self.trashed))
        if placed:
            self.do(self.db("upload").write("upload.hold", legal_holds.place, ME, file_id, "a case"))
            self.held.add(file_id)
        elif file_id in self.held:
            self.do(self.db("upload").write("upload.release", legal_holds.release, ME, file_id))
            self.held.remove(file_id)

    def is_refused(self, work: Coroutine[Any, Any, Any], file_id: str) -> bool:
        """Do what deletes a file; a held one is not deleted."""
        try:
            self.do(work)
        except UnderHold:
            assert file_id in self.held
            return True
        assert file_id not in self.held
        return False

    @precondition(lambda self: self.living)
    @rule(data=st.data())
    def trash(self, data: st.DataObject) -> None:
        file_id = data.draw(st.sampled_from(self.living))
        if self.is_refused(self.db("upload").write("upload.trash", lifecycle.move, ME, file_id, now()), file_id):
            return
        self.living.remove(file_id)
        self.trashed.append(file_id)

    @precondition(lambda self: self.trashed)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        file_id = data.draw(st.sampled_from(self.trashed))
        self.do(self.db("upload").write("upload.restore", lifecycle.move, ME, file_id, None))
        self.trashed.remove(file_id)
        self.living.append(file_id)

    @precondition(lambda self: self.living or self.trashed)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        file_id = data.draw(st.sampled_from(self.living + self.trashed))
        if self.is_refused(self.db("upload").write("upload.purge", purge.begin, ME, file_id, "asked"), file_id):
            return
        (self.living if file_id in self.living else self.trashed).remove(file_id)
        self.purged.append(file_id)

    @precondition(lambda self: self.purged)
    @rule(data=st.data())
    def use_a_purged_file(self, data: st.DataObject) -> None:
        """It is not there for anybody."""
        file_id = data.draw(st.sampled_from(self.purged))
        for change in (now(), None):
            try:
                self.do(self.db("upload").write("upload.trash", lifecycle.move, ME, file_id, change))
            except NotFound:
                continue
            raise AssertionError("a purged file was moved")

    @precondition(lambda self: self.living)
    @rule(data=st.data())
    def finish_processing(self, data: st.DataObject) -> None:
        """A worker ends its job on a file that processing knows at that moment."""
        file_id = data.draw(st.sampled_from(self.living))
        known = self.do(self.db("processing").read(lambda tx: _has_job(tx, file_id)))
        if known:
            self.do(process(self.mill, file_id))

    @rule(service=st.sampled_from(SPEAKERS))
    def publish(self, service: str) -> None:
        """One service's news goes out."""
        self.do(Relay(self.db(service), self.mill.queues).publish_some())

    @rule(queue=st.sampled_from(sorted(HANDLERS)))
    def consume(self, queue: str) -> None:
        """One service learns."""
        database = self.db(queue.partition(".")[0])

        def remember(events: list[Event]) -> None:
            self.told += events

        consumer = Consumer(queue, self.mill.queues, database, HANDLERS[queue], remember, silenced)
        self.do(consumer.consume_some())

    @rule()
    def move_on(self) -> None:
        """Everybody publishes, then everybody learns a batch."""
        for service in SPEAKERS:
            self.publish(service)
        for queue in HANDLERS:
            self.consume(queue)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """An old event comes once more under a new id, so no inbox knows it; rather one about a purged file."""
        late = [event for event in self.told if event.subject in self.purged]
        event = data.draw(st.sampled_from(late or self.told))
        self.do(self.mill.queues.publish([event.model_copy(update={"id": new_id()})]))

    @rule()
    def remove(self) -> None:
        """The removers make a round."""
        self.do(remove(self.mill))

    @invariant()
    def blobs_of_living_files_are_there(self) -> None:
        """At every moment: no purge takes a shared blob from a file that lives."""
        named = self._named("upload")
        stored = self._stored()
        assert named <= stored, f"missing: {named - stored}"

    def _named(self, service: str) -> set[str]:
        part = self.mill.parts[service]
        found: set[str] = set()
        for kept in part.inventory.tables:
            for row in self.do(part.database.read(walked.page, kept, None)):
                found |= {blob.storage_key for blob in kept.blobs(row)}
        return found

    def _stored(self) -> set[str]:
        async def listed() -> set[str]:
            return {blob.key async for blob in self.mill.store.list()}

        return self.do(listed())

    def teardown(self) -> None:
        """Let everything settle, then look everywhere."""
        try:
            self.do(settle(self.mill))
            self._look()
        finally:
            self.do(self.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.folder)

    def _look(self) -> None:
        for service, part in self.mill.parts.items():
            for kept in part.inventory.tables:
                if kept.survives or kept.table.name in ("audit", "outbox", "live_events"):
                    continue
                if "file_id" not in kept.table.c:
                    continue
                about = {row["file_id"] for row in self.do(part.database.read(walked.page, kept, None))}
                assert not about & set(self.purged), f"resurrected in {service}.{kept.table.name}"
        for file_id in self.purged:
            done = self.do(self.db("upload").read(_purge_done, file_id))
            assert done, f"purge of {file_id} did not end"
        needed = self._named("upload") | self._named("processing")
        waiting = self.do(self.db("processing").read(_removals))
        assert self._stored() - waiting == needed
        for file_id in self.living:
            ours = self.do(self.db("upload").read(repository.get, "local", file_id))
            theirs = self.do(self.db("metadata").read(_document, file_id))
            assert (theirs["version"], theirs["storage_key"]) == (ours["version"], ours["storage_key"])
            assert bool(theirs["is_held"]) == (file_id in self.held)


def _has_job(tx: Any, file_id: str) -> bool:
    query = "SELECT count(*) FROM jobs WHERE file_id = ?"
    return bool(tx.exec_driver_sql(query, (file_id,)).scalar())


def _purge_done(tx: Any, file_id: str) -> bool:
    query = "SELECT count(*) FROM purges WHERE file_id = ? AND done_at IS NOT NULL"
    return bool(tx.exec_driver_sql(query, (file_id,)).scalar())


def _removals(tx: Any) -> set[str]:
    """What is replaced but may still be read for a while."""
    return set(tx.exec_driver_sql("SELECT storage_key FROM removals").scalars())


def _document(tx: Any, file_id: str) -> Any:
    query = "SELECT version, storage_key, hold IS NOT NULL AS is_held FROM documents WHERE file_id = ?"
    return tx.exec_driver_sql(query, (file_id,)).mappings().one()


PurgeRaces.TestCase.settings = settings(
    max_examples=8, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPurgeRaces = PurgeRaces.TestCase
