"""Files that are taken apart: a mail by itself, an archive when somebody asks, each once, and what cannot be says why."""

import asyncio
import json

import pytest

from filemill.chassis.database.database import Tx
from filemill.chassis.ids import new_id
from filemill.processing import repository, run
from filemill.processing.errors import NestedTooDeep, NothingInside
from filemill.processing.handing import Handing
from support.processing_service import Service
from unit.processing.files import mail

from .handed_parts import (
    MAIL_STEPS,
    PARTS,
    FakeUpload,
    all_handed,
    arrived,
    ask,
    blobs,
    execute,
    zipped,
)


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
