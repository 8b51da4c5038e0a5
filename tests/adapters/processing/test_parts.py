"""Parts of files on their way to be files: handed over once, refused with the reason, dropped with their parent."""

import asyncio

import pytest

from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience.service_client import Answer, Failed
from filemill.contracts.topics import Topic
from filemill.processing import handing, parts_repository, repository
from filemill.processing.handing import Handing
from support.outlook import outlook_message
from support.processing_service import Service
from unit.processing.files import mail

from .handed_parts import (
    PARTS,
    FakeUpload,
    all_handed,
    arrived,
    ask,
    blobs,
    dead_process,
    execute,
    move,
    purge,
)


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
