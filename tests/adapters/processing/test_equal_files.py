"""Results are kept under what they depend on: equal files and re-runs cost nothing, and no two workers do a thing twice."""

import asyncio
import io
import json
from typing import Any

import pytest
from PIL import Image

from filemill.chassis import process_identity
from filemill.chassis.jobs import queue as queue_module
from filemill.chassis.jobs.table import ClaimedJob
from filemill.chassis.sandbox import Sandbox
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.removals import Remover
from filemill.chassis.storage.store import put
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle
from filemill.processing import consumers
from filemill.processing.ledger import ProcessingLedger
from filemill.processing.repository import job_queue
from filemill.processing.steps import dominant_colours, image_text, programs
from filemill.processing.steps.run import ENTRY, PRELOAD
from filemill.processing.tables import jobs
from support import samples
from support.processing_service import Service

EQUAL_FILES, WORKERS = 200, 4
WORDS = b"the quick brown fox jumps over the lazy dog\n"
STARTS = "SELECT sum(starts) FROM content_runs"


def picture() -> bytes:
    """A small PNG."""
    body = io.BytesIO()
    Image.linear_gradient("L").save(body, "PNG")
    return body.getvalue()


async def purge(service: Service, file_id: str) -> None:
    """What `file.purged` does, with the blobs gone."""
    data = FileLifecycle(
        file_id=file_id, owner_id=samples.OWNER, version=1, change=9, purge_id="019c2d6e-0000-7000-8000-0000000000aa"
    )
    event = samples.event(Topic.PURGED, data)
    await service.database.write("test.purged", lambda tx: consumers.ERASURE.on_purged(tx, event))
    await Remover(service.database, service.store, consumers.ERASURE.finished).remove_some()


async def made_keys(service: Service) -> set[str]:
    """The blobs that processing made: what is in the store but the uploads."""
    return {blob.key async for blob in service.store.list()} - service.uploads


async def test_equal_files_when_four_workers_take_two_hundred_then_the_steps_run_once(service: Service) -> None:
    """One start in the step table; every file gets its results, in one try, and all of them name the same blob."""
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=service.folder / "scratch")
    await sandbox.start()
    try:
        ids = [await service.upload(WORDS, f"{number}.txt") for number in range(EQUAL_FILES)]
        for _ in range(WORKERS):
            service.start_worker(sandbox)
        ended = await service.ended()
    finally:
        await service.close()
        await sandbox.stop()
    assert sorted(ended) == sorted(("done", 1, file_id) for file_id in ids)
    assert await service.rows(STARTS) == [(1,)]
    assert await service.rows("SELECT step, count(*) FROM step_results GROUP BY step ORDER BY step") == [
        ("identify", 1),
        ("plain_text", 1),
    ]
    counted = "SELECT count(*), count(DISTINCT storage_key) FROM renditions WHERE name = 'text'"
    assert await service.rows(counted) == [(EQUAL_FILES, 1)]


async def test_workers_when_a_second_one_joins_then_nothing_is_done_twice(service: Service) -> None:
    """Different files, one worker and then two: each file has one try, one start, one result of each step."""
    count = 40
    for number in range(count):
        await service.upload(f"file {number}".encode(), f"{number}.txt")
    service.start_worker(concurrency=1)
    await until_more(service, "SELECT job_id FROM jobs WHERE state = 'done'", 5)
    service.start_worker(concurrency=1)
    ended = await service.ended()
    assert [(state, attempts) for state, attempts, _ in ended] == [("done", 1)] * count
    assert await service.rows("SELECT count(*), max(starts) FROM content_runs") == [(count, 1)]
    assert await service.rows("SELECT step, count(*) FROM step_results GROUP BY step ORDER BY step") == [
        ("identify", count),
        ("plain_text", count),
    ]
    told = [event["subject"] for event in await events(service) if event["type"] == Topic.PROCESSED]
    assert (len(told), len(set(told))) == (count, count)


async def test_equal_file_when_the_first_is_done_then_nothing_runs_and_it_is_told_so(service: Service) -> None:
    """Nothing is fetched, no step runs; the event says the same, marked as reused."""
    service.start_worker()
    await service.processed(WORDS, WORDS)
    assert service.sandbox.runs == [["identify", "plain_text"]]
    told = [event for event in await events(service) if event["type"] == Topic.PROCESSED]
    first, second = [event["data"] for event in told]
    assert [step["reused"] for step in first["steps"]] == [False, False]
    assert [step["reused"] for step in second["steps"]] == [True, True]
    for name in ("content_type", "plan", "properties", "text", "renditions"):
        assert first[name] == second[name]


async def test_equal_file_when_it_is_another_owners_then_it_runs(service: Service) -> None:
    """Owners learn nothing of each other, not even by how long something takes."""
    service.start_worker()
    await service.upload(WORDS)
    await service.ended()
    await service.upload(WORDS, owner_id="somebody-else")
    await service.ended()
    assert len(service.sandbox.runs) == 2


async def test_run_again_when_a_later_step_has_a_new_version_then_only_it_runs_with_what_was_found(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps before it are reused, the picture it looks at among them; those after it depend on it."""
    service.start_worker()
    file_id = await service.upload(picture(), "a.png")
    await service.ended()
    before = await properties_of(service, file_id)
    monkeypatch.setattr(dominant_colours, "VERSION", dominant_colours.VERSION + 1)
    again = await service.upload(picture(), "b.png")
    await service.ended()
    assert service.sandbox.runs[1] == ["dominant_colours", "perceptual_hash", "image_text", "conversion"]
    assert await properties_of(service, again) == before
    assert before["colours"]
    kept = "SELECT version FROM step_results WHERE step = 'dominant_colours'"
    assert await service.rows(kept) == [(dominant_colours.VERSION,)]


async def test_run_again_when_a_program_was_installed_then_the_step_that_missed_it_runs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a program is missing is a result as well, of a machine without it."""
    monkeypatch.setattr(programs, "find", lambda _name: None)
    service.start_worker()
    await service.upload(picture(), "a.png")
    await service.ended()
    await service.upload(picture(), "b.png")
    await service.ended()
    assert len(service.sandbox.runs) == 1
    monkeypatch.undo()
    monkeypatch.setattr(programs, "find", lambda name: f"/nowhere/{name}")
    await service.upload(picture(), "c.png")
    await service.ended()
    assert service.sandbox.runs[1] == [image_text.NAME, "conversion"]


async def test_run_again_when_a_blob_of_the_results_is_lost_then_it_is_made_anew(service: Service) -> None:
    """What was kept is trusted as long as it is there."""
    service.start_worker()
    await service.processed(WORDS)
    for key in await made_keys(service):
        await service.store.delete(key)
    await service.processed(WORDS)
    assert len(service.sandbox.runs) == 2
    named = {key for (key,) in await service.rows("SELECT storage_key FROM result_blobs")}
    assert named == await made_keys(service)


async def test_equal_file_when_the_one_at_work_breaks_then_the_next_takes_its_turn(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash is no result: whoever waited tries for itself, and then all are served."""
    monkeypatch.setattr(queue_module, "RETRY_FIRST_S", 0.01)
    broken = iter([True])

    async def break_once() -> None:
        if next(broken, False):
            await waiting(service, 2)
            raise RuntimeError("broken")

    service.sandbox.before = break_once
    for _ in range(3):
        await service.upload(WORDS)
    for _ in range(3):
        service.start_worker(concurrency=1)
    ended = await service.ended()
    assert [state for state, _, _ in ended] == ["done"] * 3
    assert sorted(attempts for _, attempts, _ in ended) == [1, 1, 2]
    assert len(service.sandbox.runs) == 1
    assert await service.rows(STARTS) == [(2,)]


async def test_equal_file_when_the_worker_of_the_first_died_then_the_second_goes_on(service: Service) -> None:
    """A turn is in force as long as its claim: with a dead holder the recovery ends both, and wakes who waits."""
    await service.upload(WORDS)
    await service.upload(WORDS)
    ledger = ProcessingLedger(lambda: None)

    def claim_and_die(tx: Any) -> ClaimedJob:
        job = job_queue.claim(tx, process_identity.me())
        assert job is not None
        ledger.started(tx, job)
        return job

    dead = await service.database.write("test.claim", claim_and_die)
    service.start_worker()
    await waiting(service, 1)

    def die(tx: Any) -> None:
        tx.execute(jobs.update().values(lease_until=1.0).where(jobs.c.job_id == dead.job_id))

    await service.database.write("test.die", die)
    ended = await service.ended()
    assert [state for state, _, _ in ended] == ["done", "done"]
    assert sorted(attempts for _, attempts, _ in ended) == [1, 2]
    assert len(service.sandbox.runs) == 1


async def test_cancel_when_a_step_is_at_work_then_nothing_of_its_results_is_kept_and_the_next_goes_on(
    service: Service,
) -> None:
    """A cancelled run leaves no result; an equal file that waited takes its turn."""
    hang = asyncio.Event()
    service.sandbox.before = hang.wait
    await service.upload(WORDS)
    service.start_worker(concurrency=1)
    await state(service, "running", 1)
    await service.upload(WORDS)
    service.start_worker(concurrency=1)
    await waiting(service, 1)
    [(first,)] = await service.rows("SELECT job_id FROM content_runs")
    service.sandbox.before = None
    await service.database.write("test.cancel", job_queue.cancel, first)
    ended = await service.ended()
    assert [state for state, _, _ in ended] == ["cancelled", "done"]
    assert len(service.sandbox.runs) == 1
    assert {job for (job,) in await service.rows("SELECT job_id FROM step_results")} != {first}


async def test_purge_when_an_equal_file_is_left_then_the_blobs_stay_and_go_with_the_last(service: Service) -> None:
    """A blob goes with the last row that names it, and the results with the last file of those bytes."""
    service.start_worker()
    first, second = await service.processed(WORDS, WORDS)
    kept = await made_keys(service)
    await purge(service, first)
    assert await made_keys(service) == kept
    assert await service.rows("SELECT count(*) FROM renditions") == [(1,)]
    assert await service.rows("SELECT count(*) FROM step_results") == [(2,)]
    await purge(service, second)
    for table in ("step_results", "result_blobs", "content_runs", "file_contents", "renditions", "removals", "jobs"):
        assert await service.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert await made_keys(service) == set()


async def test_purge_when_an_older_version_had_other_bytes_then_their_results_go_too(service: Service) -> None:
    """Each version's bytes are remembered."""
    service.start_worker()
    file_id = await service.upload(WORDS)
    await service.ended()
    await service.tell(file_id, await stored(service, b"other words"), b"other words", "note.txt", version=2)
    await service.ended()
    assert await service.rows("SELECT count(*) FROM step_results") == [(4,)]
    await purge(service, file_id)
    assert await service.rows("SELECT count(*) FROM step_results") == [(0,)]
    assert await made_keys(service) == set()


async def test_purge_when_two_equal_files_go_at_once_then_nothing_is_left(service: Service) -> None:
    """The one that is later sees that it is the last."""
    service.start_worker()
    first, second = await service.processed(WORDS, WORDS)
    other = service.connect()
    events = [samples.event(Topic.PURGED, lifecycle(one)) for one in (first, second)]
    await asyncio.gather(
        *[
            database.write("test.purged", lambda tx, event=event: consumers.ERASURE.on_purged(tx, event))
            for database, event in zip((service.database, other), events, strict=True)
        ]
    )
    await Remover(service.database, service.store, consumers.ERASURE.finished).remove_some()
    assert await service.rows("SELECT count(*) FROM step_results") == [(0,)]
    assert await made_keys(service) == set()
    await other.close()


async def test_rejected_file_when_an_equal_one_comes_then_it_is_refused_without_a_run(service: Service) -> None:
    """A refusal is a result of the bytes."""
    service.start_worker()
    await service.upload(picture()[:60], "a.png")
    await service.ended()
    await service.upload(picture()[:60], "a.png")
    ended = await service.ended()
    assert [state for state, _, _ in ended] == ["failed", "failed"]
    assert len(service.sandbox.runs) == 1


# looking at it


def lifecycle(file_id: str) -> FileLifecycle:
    """A purge."""
    purge_id = "019c2d6e-0000-7000-8000-0000000000aa"
    return FileLifecycle(file_id=file_id, owner_id=samples.OWNER, version=1, change=9, purge_id=purge_id)


async def stored(service: Service, body: bytes) -> str:
    """A blob of these bytes; returns its key."""
    key = new_key()
    await put(service.store, key, body)
    return key


async def events(service: Service) -> list[Any]:
    """The bodies of the outbox, in order."""
    return [json.loads(bytes(body)) for (body,) in await service.rows("SELECT body FROM outbox ORDER BY seq")]


async def properties_of(service: Service, file_id: str) -> dict[str, Any]:
    """What was told of a file."""
    told = [one for one in await events(service) if one["type"] == Topic.PROCESSED and one["subject"] == file_id]
    found: dict[str, Any] = told[-1]["data"]["properties"]
    return found


async def state(service: Service, wanted: str, count: int) -> None:
    """Wait until so many jobs are in this state."""
    await until(service, f"SELECT job_id FROM jobs WHERE state = '{wanted}'", count)


async def waiting(service: Service, count: int) -> None:
    """Wait until so many jobs wait for another."""
    await until(service, "SELECT job_id FROM jobs WHERE waits_for IS NOT NULL", count)


async def until(service: Service, query: str, count: int) -> None:
    """Wait until a query finds so many rows."""
    async with asyncio.timeout(20):
        while len(await service.rows(query)) != count:  # noqa: ASYNC110  a database tells nobody
            await asyncio.sleep(0.01)


async def until_more(service: Service, query: str, count: int) -> None:
    """Wait until a query finds at least so many rows."""
    async with asyncio.timeout(20):
        while len(await service.rows(query)) < count:  # noqa: ASYNC110  a database tells nobody
            await asyncio.sleep(0.01)
