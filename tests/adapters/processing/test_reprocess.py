"""Re-runs by filter: counted, queued once, behind new uploads, a page at a time."""

from functools import partial

import pytest

from filemill.chassis.jobs import reprocessing as reprocess
from filemill.chassis.jobs.errors import JobQueueFull
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.contracts.jobs import ReprocessAnswer, ReprocessRequest
from filemill.processing import repository, run, selection
from filemill.processing.steps import plain_text
from support import samples
from support.processing_service import Service

TYPE = "type = text/plain"


async def ask(service: Service, where: str, *, dry_run: bool = False, after: str | None = None) -> ReprocessAnswer:
    """One page, as the endpoint asks for it."""
    reprocessing = Reprocessing(
        service.database,
        repository.job_queue,
        selection.parse_for_rows,
        repository.contents_page,
        partial(run.again, deadline_s=60.0),
        2,
        lambda: None,
    )
    return await reprocessing.some(samples.OWNER, ReprocessRequest(where=where, dry_run=dry_run, cursor=after))


async def test_reprocess_when_it_is_a_dry_run_then_the_count_and_a_time_and_no_job(service: Service) -> None:
    """How many fit, about how long they take."""
    service.start_worker()
    await service.processed(b"one", b"two", b"three")
    answer = await ask(service, TYPE, dry_run=True)
    assert (answer.looked_at, answer.matched, answer.queued) == (3, 3, 0)
    assert answer.seconds >= 0
    assert len(await service.rows("SELECT job_id FROM jobs")) == 3


async def test_reprocess_when_a_step_is_newer_then_its_files_run_again_in_the_bulk_lane_and_then_none_fits(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the step that changed runs; asked again, there is nothing left to do."""
    service.start_worker()
    await service.processed(b"one", b"two")
    monkeypatch.setattr(plain_text, "VERSION", plain_text.VERSION + 1)
    where = f"plain_text.version < {plain_text.VERSION}"
    assert (await ask(service, where)).queued == 2
    await service.ended()
    assert service.sandbox.runs[2:] == [["plain_text"], ["plain_text"]]
    again = "SELECT count(*) FROM jobs WHERE lane = 'bulk' AND cause = 'reprocess' AND state = 'done'"
    assert await service.rows(again) == [(2,)]
    assert (await ask(service, where)).matched == 0


async def test_reprocess_when_nothing_changed_then_the_run_costs_nothing(service: Service) -> None:
    """What is known is told anew; no step runs."""
    service.start_worker()
    await service.processed(b"one", b"two")
    assert (await ask(service, TYPE)).queued == 2
    await service.ended()
    assert len(service.sandbox.runs) == 2


async def test_reprocess_when_it_is_repeated_then_no_file_gets_a_second_open_job(service: Service) -> None:
    """An interrupted command is simply repeated."""
    for body in (b"one", b"two"):
        await service.upload(body)
    first = await ask(service, "step.version < current")
    assert (first.matched, first.queued) == (2, 0)
    service.start_worker()
    await service.ended()
    await service.close()
    assert (await ask(service, TYPE)).queued == 2
    assert (await ask(service, TYPE)).queued == 0


async def test_reprocess_when_there_are_more_files_than_a_page_then_the_cursor_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file once; another owner's and deleted ones never."""
    monkeypatch.setattr(reprocess, "LOOKED_AT_MOST", 2)
    ids = [await service.upload(f"file {number}".encode()) for number in range(5)]
    await service.upload(b"foreign", owner_id="somebody-else")
    looked, cursor = 0, None
    for _ in range(3):
        answer = await ask(service, "step.version < current", dry_run=True, after=cursor)
        looked, cursor = looked + answer.looked_at, answer.next_cursor
    assert (looked, cursor) == (len(ids), None)


async def test_reprocess_when_too_many_wait_then_it_is_refused_until_there_are_less(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane of one owner has a bound."""
    service.start_worker()
    await service.processed(b"one", b"two")
    monkeypatch.setattr(reprocess, "WAITING_MOST", 1)
    with pytest.raises(JobQueueFull):
        await ask(service, TYPE)
    assert await service.rows("SELECT count(*) FROM jobs WHERE lane = 'bulk'") == [(0,)]
