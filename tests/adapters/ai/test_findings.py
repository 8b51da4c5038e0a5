"""Findings of another model: kept beside the new ones, found by a filter, made again; on each engine."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from filemill.ai import consumers, jobs, repository, selection
from filemill.ai.models.registry import built_in_registry
from filemill.chassis.database.database import Database
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.errors import BadFilter
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.contracts.ai import Finding
from filemill.contracts.jobs import ReprocessAnswer, ReprocessRequest
from filemill.contracts.topics import Topic
from support import samples

ME = samples.OWNER
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REGISTRY = built_in_registry()


def said(by: str, version: str = "1", *, capability: str = "classification", digest: str | None = None) -> Finding:
    """What a model said."""
    return Finding(capability=capability, state="done", result={"by": by}, model=by, model_version=version,
                   model_digest=digest or f"{by}{version}")  # fmt: skip


async def processed(database: Database, *findings: Finding) -> str:
    """A file that is processed, and what was found."""
    file_id = new_id()
    events = (
        samples.event(Topic.UPLOADED, samples.uploaded(file_id)),
        samples.event(Topic.PROCESSED, samples.processed(file_id)),
    )
    handlers = consumers.handlers(60.0)
    for event in events:
        await database.write("test.event", lambda tx, event=event: handlers[event.type](tx, event))
    await database.write("test.ended", lambda tx: repository.job_queue.cancel_open(tx, file_id))
    for at, finding in enumerate(findings):
        await keep(database, file_id, finding, at=at)
    return file_id


async def keep(database: Database, file_id: str, finding: Finding, *, at: int, options: str = "") -> None:
    moment = BEGAN + timedelta(seconds=at)
    await database.write("test.keep", repository.keep, file_id, ME, 1, [finding], options, moment)


async def known(database: Database, file_id: str) -> tuple[list[str], list[str]]:
    """Who says what is current, and who said what was before, newest first."""

    def who(rows: list[Any]) -> list[str]:
        return [f"{row['finding']['model']} {row['finding']['model_version']}" for row in rows]

    current = await database.read(repository.findings, ME, file_id, 1)
    return who(current), who(await database.read(repository.earlier, ME, file_id, 1))


async def ask(database: Database, where: str, *, dry_run: bool = False) -> ReprocessAnswer:
    """One page, as the endpoint asks for it."""
    reprocessing = Reprocessing(
        database, repository.job_queue, selection.parser(REGISTRY), repository.analysed_page,
        partial(jobs.again, deadline_s=60.0), 2, lambda: None,
    )  # fmt: skip
    return await reprocessing.some(ME, ReprocessRequest(where=where, dry_run=dry_run))


async def test_findings_when_another_model_speaks_then_what_was_said_before_stays_beside_it(database: Database) -> None:
    """Each model once, newest first; a model that speaks again is current and no longer earlier."""
    file_id = await processed(database, said("a"), said("b"), said("a", "2"))
    assert await known(database, file_id) == (["a 2"], ["b 1", "a 1"])
    await keep(database, file_id, said("b"), at=10)
    assert await known(database, file_id) == (["b 1"], ["a 2", "a 1"])


async def test_findings_when_the_same_model_says_it_again_then_nothing_is_earlier(database: Database) -> None:
    """With other options it is another answer."""
    file_id = await processed(database, said("a"), said("a"))
    assert await known(database, file_id) == (["a 1"], [])
    await keep(database, file_id, said("a"), at=5, options="other")
    assert await known(database, file_id) == (["a 1"], ["a 1"])


async def test_findings_when_many_models_spoke_then_the_last_five_stay(database: Database) -> None:
    """Bounded, the oldest go."""
    file_id = await processed(database, *[said("m", str(at)) for at in range(9)])
    assert await known(database, file_id) == (["m 8"], ["m 7", "m 6", "m 5", "m 4", "m 3"])


async def test_findings_when_the_file_is_purged_then_the_earlier_ones_go_too(database: Database) -> None:
    """Nothing of it is left."""
    file_id = await processed(database, said("a"), said("b"))
    purged = samples.event(Topic.PURGED, samples.lifecycle(file_id, change=9, purge_id=new_id()))
    await database.write("test.purged", consumers.ERASURE.on_purged, purged)
    assert await known(database, file_id) == ([], [])


async def test_reprocess_when_findings_are_of_another_model_then_those_files_and_each_once(database: Database) -> None:
    """A dry run counts; then one job each, in the bulk lane; asked again, the open jobs are enough."""
    best = REGISTRY.best("classification")
    assert best is not None
    entry = best.entry
    new = await processed(database, said(entry.id, entry.version, digest=best.digest))
    old = await processed(database, said(entry.id, entry.version, digest="built otherwise"))
    none = await processed(database)
    where = "ai.classification.model < current"
    counted = await ask(database, where, dry_run=True)
    assert (counted.looked_at, counted.matched, counted.queued) == (3, 2, 0)
    assert (await ask(database, where)).queued == 2
    assert (await ask(database, where)).queued == 0

    def queued(tx: Any) -> dict[str, str]:
        latest = {file_id: repository.job_queue.latest(tx, file_id) for file_id in (new, old, none)}
        return {file_id: f"{job['state']} {job['lane']} {job['cause']}" for file_id, job in latest.items() if job}

    jobs_of = await database.read(queued)
    assert jobs_of[old] == jobs_of[none] == "queued bulk reprocess"
    assert jobs_of[new].startswith("cancelled")


@pytest.mark.parametrize(
    ("where", "matched"),
    [
        ("ai.classification.model < 2", 2),  # 1.9 and what was never said
        ("ai.classification.model < 1.9", 1),
        ("ai.classification.model < 1.10", 2),
        ("ai.sentiment.model = vader", 1),
        ("ai.any.model = vader", 1),
        ("ai.any.model < current", 3),
        ("ai.classification.model < 2 and type = image/*", 0),
        ("type = application/pdf", 3),
    ],
)
async def test_reprocess_when_filtered_then_these_files(database: Database, where: str, matched: int) -> None:
    """Versions compare by their numbers; what was never said is older than everything."""
    await processed(database, said("filemill-document-class", "1.9"))
    await processed(database, said("filemill-document-class", "2"), said("vader", capability="sentiment"))
    await processed(database)
    assert (await ask(database, where, dry_run=True)).matched == matched


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "write for example"),
        ("ai.classification.model", "write for example"),
        ("ai.nonsense.model < 2", "there is no capability 'nonsense'"),
        ("ai.any.model = gpt", "there is no model 'gpt'"),
        ("ai.any.model < two", "no version"),
        ("image_text.version < 2", "only `ai.CAPABILITY.model`"),
        ("type = picture", "no type"),
        ("x" * 501, "at most 500"),
    ],
)
async def test_reprocess_when_the_filter_is_something_else_then_it_says_what_may_stand_there(
    database: Database, where: str, said: str
) -> None:
    """And nothing is queued."""
    with pytest.raises(BadFilter, match=said):
        await ask(database, where)
