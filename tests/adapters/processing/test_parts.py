"""Parts of files on their way to be files: handed over once, refused with the reason, dropped with their parent."""

import asyncio
import io
import json
import socket
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import text

from filemill.chassis.database.database import Tx
from filemill.chassis.errors import Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.resilience.service_client import Answer, Failed
from filemill.chassis.storage.removals import Remover
from filemill.contracts.topics import Topic
from filemill.processing import consumers, handing, parts_repository, repository, run, unpacking
from filemill.processing.errors import NestedTooDeep, NothingInside
from filemill.processing.handing import Handing
from support import samples
from support.outlook import outlook_message
from support.processing_service import Service

ME = samples.OWNER
PARTS = "SELECT number, name, state, reason_code, child_id FROM parts ORDER BY file_id, number"
MAIL_STEPS = ["identify", "document_text"]


def mail(*attachments: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Two things"
    message.set_content("See the attachments.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def zipped(**members: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


TWO = mail(("a.txt", b"one"), ("b.txt", b"two"))


@dataclass
class FakeUpload:
    """Takes children as upload does: the same key gives the same file. `says` answers instead."""

    files: dict[str, tuple[str, dict[str, str], bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    says: Answer | Unavailable | None = None
    before: Any = None

    async def put(
        self,
        path: str,
        query: dict[str, str],
        body: AsyncIterator[bytes],
        size_bytes: int,
        *,
        key: str,
        total_s: float,
        for_owner: str,
    ) -> Answer:
        assert total_s > 0
        assert for_owner
        self.calls.append(key)
        content = b"".join([piece async for piece in body])
        assert len(content) == size_bytes
        if self.before is not None:
            await self.before()
        if isinstance(self.says, Unavailable):
            raise self.says
        if self.says is not None:
            return self.says
        file_id, *_ = self.files.setdefault(key, (new_id(), query | {"to": path}, content))
        return Answer(201, {"file_id": file_id})


@pytest.fixture
def upload() -> FakeUpload:
    return FakeUpload()


@pytest.fixture
def hands(service: Service, upload: FakeUpload) -> Handing:
    """What hands parts over, in this process."""
    return Handing(service.database, service.store, upload)  # type: ignore[arg-type]


async def arrived(
    service: Service, body: bytes = TWO, name: str = "m.eml", kind: str = "message/rfc822", **more: Any
) -> str:
    """A file after all its jobs."""
    if not service._open:
        service.start_worker()
    file_id = await service.upload(body, name, content_type=kind, **more)
    assert {state for state, _, _ in await service.ended()} == {"done"}
    return file_id


async def all_handed(hands: Handing) -> None:
    while await hands.hand_some():
        pass


async def execute(service: Service, statement: str) -> None:
    await service.database.write("test.execute", lambda tx: tx.execute(text(statement)))


async def ask(service: Service, file_id: str, *paths: str) -> str:
    return await service.database.write("test.ask", lambda tx: unpacking.ask(tx, ME, file_id, list(paths) or None))


async def move(service: Service, file_id: str, topic: Topic, change: int) -> None:
    event = samples.event(topic, samples.lifecycle(file_id, change=change))
    handler = consumers.handlers(60.0)[topic]
    await service.database.write("test.moved", lambda tx: handler(tx, event))


async def purge(service: Service, file_id: str) -> None:
    data = samples.lifecycle(file_id, change=9, purge_id=new_id())
    await service.database.write(
        "test.purged", lambda tx: consumers.ERASURE.on_purged(tx, samples.event(Topic.PURGED, data))
    )


def dead_process() -> str:
    """The identity of a process of this machine that is gone."""
    with subprocess.Popen(["true"]) as process:
        pid = process.pid
    return f"{socket.gethostname()}:{pid}:1"


async def blobs(service: Service) -> int:
    """How many blobs there are beside uploads and texts, once what is due is removed."""
    remover = Remover(service.database, service.store, consumers.ERASURE.finished)
    while await remover.remove_some():
        pass
    texts = {key for (key,) in await service.rows("SELECT storage_key FROM renditions")}
    return len({blob.key async for blob in service.store.list()} - service.uploads - texts)


async def test_mail_when_processed_then_its_attachments_become_files_once(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """By a job of its own in the mail's lane; each with its key, its path and its bytes; nothing of them stays here."""
    file_id = await arrived(service)
    assert await service.rows("SELECT kind, lane, cause FROM jobs ORDER BY run") == [
        ("processing", "interactive", "uploaded"), ("unpack", "interactive", "attachments"),
    ]  # fmt: skip
    assert [row[2] for row in await service.rows(PARTS)] == ["waiting", "waiting"]
    named = [key for (key,) in await service.rows("SELECT storage_key FROM parts")]
    assert set(await service.database.read(repository.named, named)) == set(named)
    await all_handed(hands)
    to = f"/files/{file_id}/children"
    assert {key: made[1:] for key, made in upload.files.items()} == {
        f"part.{file_id}.1.0": ({"filename": "a.txt", "path": "1/a.txt", "to": to}, b"one"),
        f"part.{file_id}.1.1": ({"filename": "b.txt", "path": "2/b.txt", "to": to}, b"two"),
    }
    ids = [made[0] for made in upload.files.values()]
    assert sorted(await service.rows(PARTS)) == [
        (number, name, "handed", None, upload.files[f"part.{file_id}.1.{number}"][0])
        for number, name in enumerate(("a.txt", "b.txt"))
    ]
    assert len(set(ids)) == 2
    assert await blobs(service) == 0


async def test_part_when_the_answer_came_and_the_commit_did_not_then_there_is_no_second_file(
    service: Service, hands: Handing, upload: FakeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two: after its time another try shows the same key and learns of the same file."""
    await arrived(service, mail(("a.txt", b"one")))

    class DeadError(Exception):
        """As if the process had ended here."""

    def dies(_point: str) -> None:
        raise DeadError

    with monkeypatch.context() as patch:
        patch.setattr(handing, "crash_point", lambda point: dies(point) if point.endswith("answered") else None)
        with pytest.raises(DeadError):
            await hands.hand_one()
    assert not await hands.hand_one(), "it is in somebody's hands until its time is over"
    await hands.free_dead()
    assert not await hands.hand_one(), "who has it lives"
    await execute(service, f"UPDATE parts SET holder = '{dead_process()}'")
    await hands.free_dead()
    await all_handed(hands)
    assert (len(upload.calls), len(upload.files)) == (2, 1)
    [(file_id, *_)] = upload.files.values()
    assert await service.rows(PARTS) == [(0, "a.txt", "handed", None, file_id)]
    assert await blobs(service) == 0


async def test_part_when_upload_refuses_it_then_the_reason_is_kept_and_the_blob_goes(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """It is not tried again by itself; asked again by a retry of the job it is."""
    await arrived(service, mail(("a.txt", b"one")))
    upload.says = Answer(413, {"code": "quota-exceeded", "detail": "No room."})
    await all_handed(hands)
    assert await service.rows(PARTS) == [(0, "a.txt", "refused", "quota-exceeded", None)]
    assert await blobs(service) == 0
    await all_handed(hands)
    assert len(upload.calls) == 1
    [(job_id,)] = await service.rows("SELECT job_id FROM jobs WHERE kind = 'unpack'")
    await service.database.write("test.retry", lambda tx: repository.job_queue.requeue(tx, job_id))
    await service.ended()
    upload.says = None
    await all_handed(hands)
    assert [row[2] for row in await service.rows(PARTS)] == ["handed"]


async def test_message_of_outlook_when_processed_then_its_attachments_become_files(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """By itself, as a mail's; its own words are read as before."""
    body = outlook_message("Two", "See both.", ("a.txt", b"one"), ("b.txt", b"two" * 3_000))
    await arrived(service, body, "m.msg", "application/vnd.ms-outlook")
    await all_handed(hands)
    assert [row[1:3] for row in await service.rows(PARTS)] == [("a.txt", "handed"), ("b.txt", "handed")]
    assert sorted(content for _, _, content in upload.files.values()) == [b"one", b"two" * 3_000]


async def test_part_when_upload_is_away_then_it_waits_longer_each_time(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """And comes when upload is back."""
    await arrived(service, mail(("a.txt", b"one")))
    upload.says = Unavailable("The upload service does not answer.")
    for attempt in range(1, 4):
        await execute(service, "UPDATE parts SET due_at = 0")
        assert await hands.hand_one()
        [(state, attempts, code)] = await service.rows("SELECT state, attempts, reason_code FROM parts")
        assert (state, attempts, code) == ("waiting", attempt, "dependency-unavailable")
        assert not await hands.hand_one()
    upload.says = None
    await execute(service, "UPDATE parts SET due_at = 0")
    await all_handed(hands)
    assert [row[2:4] for row in await service.rows(PARTS)] == [("handed", None)]


async def test_part_when_upload_breaks_on_it_each_time_then_it_is_refused_until_asked_for_again(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """An upload that is away ends nothing, however often; one that answers 500 for ever must not be asked for ever."""
    file_id = await arrived(service, mail(("a.txt", b"one")))
    upload.says = Unavailable("The upload service does not answer.")
    for _ in range(handing.TRIES_MOST + 1):
        await execute(service, "UPDATE parts SET due_at = 0")
        assert await hands.hand_one()
    assert [row[2] for row in await service.rows(PARTS)] == ["waiting"]
    upload.says = Failed("The upload service answered 500.", worth=True, answered=500)
    await execute(service, "UPDATE parts SET due_at = 0")
    assert await hands.hand_one()
    assert await service.rows(PARTS) == [(0, "a.txt", "refused", "upload-fails", None)]
    assert await blobs(service) == 0
    upload.says = None
    await ask(service, file_id)
    await service.ended()
    await all_handed(hands)
    assert [row[2:4] for row in await service.rows(PARTS)] == [("handed", None)]


async def test_part_when_its_parent_is_deleted_while_it_waits_then_it_is_dropped_until_asked_for_again(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """A restore resurrects nothing; asking does, and makes each once."""
    file_id = await arrived(service)
    await hands.hand_one()
    await move(service, file_id, Topic.DELETED, 1)
    await all_handed(hands)
    assert sorted(row[2] for row in await service.rows(PARTS)) == ["dropped", "handed"]
    assert await blobs(service) == 0
    await move(service, file_id, Topic.RESTORED, 2)
    await service.ended()
    await all_handed(hands)
    assert len(upload.files) == 1
    await ask(service, file_id)
    await service.ended()
    await all_handed(hands)
    assert [row[2] for row in await service.rows(PARTS)] == ["handed", "handed"]
    assert (len(upload.files), len(upload.calls)) == (2, 2)
    assert await blobs(service) == 0


@pytest.mark.parametrize("how", ["deleted", "purged"])
async def test_part_when_its_parent_goes_while_its_bytes_are_under_way_then_nothing_breaks(
    service: Service, hands: Handing, upload: FakeUpload, how: str
) -> None:
    """What upload made follows its parent there; here no blob is named twice for removal, and no row comes back."""
    file_id = await arrived(service, mail(("a.txt", b"one")))

    async def gone() -> None:
        await (move(service, file_id, Topic.DELETED, 1) if how == "deleted" else purge(service, file_id))

    upload.before = gone
    await all_handed(hands)
    assert [row[2] for row in await service.rows(PARTS)] == (["handed"] if how == "deleted" else [])
    assert await blobs(service) == 0


async def test_mail_when_deleted_while_it_is_unpacked_then_no_part_is_kept(service: Service, hands: Handing) -> None:
    """The end of the job looks whether the file lives."""
    file_id = await arrived(service, zipped(a=b"one"), "a.zip", "application/zip")
    service.sandbox.before = lambda: _forget(service, file_id)
    await ask(service, file_id)
    await service.ended()
    assert await service.rows(PARTS) == []
    assert await blobs(service) == 0


async def _forget(service: Service, file_id: str) -> None:
    await execute(service, "UPDATE known_files SET deleted = TRUE")


async def test_equal_mail_when_the_first_is_done_then_its_children_are_its_own(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """Its words are used again, its attachments are taken out again: they belong to another parent."""
    first, second = await arrived(service), await arrived(service)
    assert service.sandbox.runs == [MAIL_STEPS, ["unpack"], ["unpack"]]
    await all_handed(hands)
    assert sorted(upload.files) == sorted(f"part.{one}.1.{number}" for one in (first, second) for number in (0, 1))


async def test_mail_when_processed_again_then_no_second_unpacking(service: Service, hands: Handing) -> None:
    """What is there is there."""
    file_id = await arrived(service)
    await all_handed(hands)

    def again(tx: Tx) -> None:
        run.enqueue(tx, file_id, lane="bulk", cause="asked", deadline_s=60.0)

    await service.database.write("test.again", again)
    await service.ended()
    assert await service.rows("SELECT count(*) FROM jobs WHERE kind = 'unpack'") == [(1,)]


async def test_archive_when_asked_for_twice_then_the_same_job_and_no_part_twice(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """In the bulk lane, only on request; another choice is another job, and what it has in common is there once."""
    file_id = await arrived(service, zipped(a=b"one", b=b"two", c=b"three"), "a.zip", "application/zip")
    assert await service.rows("SELECT kind FROM jobs") == [("processing",)]
    first = await ask(service, file_id, "a", "b")
    assert await ask(service, file_id, "b", "a") == first
    await service.ended()
    assert await ask(service, file_id, "b", "a", "a") == first
    assert await ask(service, file_id) != first
    await service.ended()
    assert (
        await service.rows("SELECT lane, cause, state FROM jobs WHERE kind = 'unpack'")
        == [("bulk", "unpack", "done")] * 2
    )
    await all_handed(hands)
    assert sorted(made[2] for made in upload.files.values()) == [b"one", b"three", b"two"]
    assert len(upload.calls) == 3
    assert await blobs(service) == 0


async def test_mail_when_it_has_too_many_attachments_then_its_story_says_how_many_are_left(service: Service) -> None:
    """The first hundred become files."""
    await arrived(service, mail(*[(f"{at}.txt", b"%d" % at) for at in range(103)]))
    assert await service.rows("SELECT count(*) FROM parts") == [(100,)]
    [body] = [bytes(body) for (body,) in await service.rows("SELECT body FROM outbox") if b'"unpacked"' in bytes(body)]
    reason = json.loads(body)["data"]["reason"]
    assert (reason["code"], reason["detail"].split()[0]) == ("left-out", "3")


async def test_archive_when_it_cannot_be_unpacked_then_the_job_failed_with_the_code(service: Service) -> None:
    """For good: another try would say the same."""
    file_id = await arrived(service, zipped(a=b"one"), "a.zip", "application/zip")
    await ask(service, file_id, "nowhere")
    await service.ended()
    assert await service.rows("SELECT state, reason_code, attempts FROM jobs WHERE kind = 'unpack'") == [
        ("failed", "no-such-entry", 1)
    ]
    assert await service.rows("SELECT state FROM jobs WHERE kind = 'processing'") == [("done",)]


async def test_archive_when_its_job_is_cancelled_then_nothing_is_kept_and_asking_makes_another(
    service: Service,
) -> None:
    """Also while it runs; the file itself stays processed."""
    file_id = await arrived(service, zipped(a=b"one"), "a.zip", "application/zip")
    began = asyncio.Event()

    async def hangs() -> None:
        began.set()
        await asyncio.Event().wait()

    service.sandbox.before = hangs
    job_id = await ask(service, file_id)
    await began.wait()
    assert await service.database.write("test.cancel", lambda tx: repository.job_queue.cancel(tx, job_id)) == "running"
    await service.ended()
    assert await service.rows("SELECT state FROM jobs WHERE kind = 'unpack'") == [("cancelled",)]
    assert (await service.rows(PARTS), await blobs(service)) == ([], 0)
    service.sandbox.before = None
    assert await ask(service, file_id) != job_id
    await service.ended()
    assert [row[2] for row in await service.rows(PARTS)] == ["waiting"]


async def test_file_when_it_is_three_deep_then_nothing_is_taken_out_and_it_says_so(service: Service) -> None:
    """In what processing tells of it, and to who asks."""
    file_id = await arrived(service, depth=3, parent_id=new_id(), parent_path="1/m.eml")
    assert await service.rows("SELECT kind FROM jobs") == [("processing",)]
    [(body,)] = [row for row in await service.rows("SELECT body FROM outbox") if b"file.processed" in bytes(row[0])]
    assert json.loads(bytes(body))["data"]["properties"]["not_unpacked"]["code"] == "nested-too-deep"
    with pytest.raises(NestedTooDeep):
        await ask(service, file_id)


async def test_file_when_nothing_is_inside_then_it_says_so(service: Service) -> None:
    """A text is no archive."""
    file_id = await arrived(service, b"words", "a.txt", "text/plain")
    with pytest.raises(NothingInside, match="text/plain"):
        await ask(service, file_id)


async def test_parent_when_purged_then_its_parts_go_and_a_purged_child_leaves_no_name(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """A child alone: only that there was one stays with the parent, so that it is not made again."""
    file_id = await arrived(service)
    await hands.hand_one()
    [(child_id, *_)] = upload.files.values()
    await purge(service, child_id)
    gone = "SELECT name, path, sha256, child_id FROM parts WHERE state = 'purged'"
    assert await service.rows(gone) == [("", "", None, None)]
    assert len(await service.rows(PARTS)) == 2
    await purge(service, file_id)
    assert await service.rows(PARTS) == []
    assert await blobs(service) == 0


async def test_parts_when_two_processes_hand_them_over_then_each_goes_once(
    service: Service, hands: Handing, upload: FakeUpload
) -> None:
    """Whoever claims one has it."""
    await arrived(service, mail(*[(f"{at}.txt", b"%d" % at) for at in range(10)]))
    database = service.connect()
    other = Handing(database, service.store, upload)  # type: ignore[arg-type]
    await asyncio.gather(all_handed(hands), all_handed(other))
    await database.close()
    assert len(upload.calls) == len(set(upload.calls)) == 10
    assert {row[2] for row in await service.rows(PARTS)} == {parts_repository.HANDED}
