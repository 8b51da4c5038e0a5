"""An analysis uses again what is known of equal files: only what is missing is looked at; on each engine."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from filemill.ai import consumers, repository
from filemill.ai.jobs import options_key, wanted
from filemill.ai.ledger import Analysis, AnalysisLedger
from filemill.ai.models.registry import Registry, built_in_registry
from filemill.ai.run import AnalysisRun
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.table import ClaimedJob
from filemill.chassis.jobs.worker import Progress
from filemill.chassis.sandbox import Limits, Outcome
from filemill.contracts.topics import Topic
from support import samples

REGISTRY = built_in_registry()
NAMES = wanted(REGISTRY, None)


@dataclass
class Looks:
    """In the place of the sandbox: says something of each capability it is asked for, and remembers what that was."""

    asked: list[list[str]] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)

    async def run(self, request: dict[str, Any], **_places: Any) -> Outcome:
        self.asked.append(request["capabilities"])
        self.disabled = request["disabled"]
        results = {name: _finding(name) for name in request["capabilities"]}
        return Outcome("ok", {"results": results}, None, None, 1.0, None)


def _finding(capability: str) -> dict[str, Any]:
    model = REGISTRY.best(capability)
    assert model is not None
    return {"capability": capability, "state": "done", "result": {"look": "first"}, "model": model.entry.id,
            "model_digest": model.digest}  # fmt: skip


class NoBlobs:
    """In the place of the store: the findings here are not made from text."""

    async def fetch(self, key: str, _target: Path) -> None:
        raise NotFound(key)


@dataclass
class Bench:
    """An analysis as the worker makes it."""

    database: Database
    scratch: Path
    looks: Looks = field(default_factory=Looks)
    registry: Registry = REGISTRY

    async def file(self, **facts: Any) -> str:
        """A file that is processed."""
        file_id = new_id()
        handlers = consumers.handlers(60.0)
        uploaded = samples.uploaded(file_id, **facts)
        for event in (
            samples.event(Topic.UPLOADED, uploaded),
            samples.event(Topic.PROCESSED, samples.processed(file_id, owner_id=uploaded.owner_id)),
        ):
            await self.database.write("test.event", lambda tx, event=event: handlers[event.type](tx, event))
        return file_id

    async def analyse(self, file_id: str) -> dict[str, bool]:
        """Its next job, to the end: whether each finding was used again."""
        job = await self.database.write("test.claim", repository.job_queue.claim, "me")
        assert isinstance(job, ClaimedJob)
        assert job.file_id == file_id
        around: Any = (self.database, NoBlobs(), self.looks, self.scratch)
        run = AnalysisRun(*around, Limits(), self.registry, None)  # type: ignore[arg-type]
        analysis = await run(job, Progress())
        assert isinstance(analysis, Analysis)

        def end(tx: Any) -> None:
            repository.job_queue.finish(tx, job, "done")
            AnalysisLedger().done(tx, job, analysis)

        await self.database.write("test.done", end)
        return {finding.capability: finding.reused for finding in analysis.findings}


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Bench:
    return Bench(database, tmp_path)


async def test_analysis_when_an_equal_file_is_known_then_nothing_is_looked_at(bench: Bench) -> None:
    """Equal bytes under the same name, of the same owner: every finding is the one from before, and says so."""
    first = await bench.analyse(await bench.file())
    assert first == dict.fromkeys(NAMES, False)
    second = await bench.file()
    assert await bench.analyse(second) == dict.fromkeys(NAMES, True)
    assert bench.looks.asked == [NAMES]
    kept = await bench.database.read(repository.findings, samples.OWNER, second, 1)
    assert [row["finding"]["reused"] for row in kept] == [True] * len(NAMES)


@pytest.mark.parametrize(
    "facts",
    [{"owner_id": "another"}, {"filename": "another.pdf"}, {"sha256": "cd" * 32}],
    ids=lambda facts: next(iter(facts)),
)
async def test_analysis_when_owner_name_or_bytes_differ_then_it_is_looked_at(bench: Bench, facts: Any) -> None:
    """Owners are apart, and names are looked at by capabilities too."""
    await bench.analyse(await bench.file())
    assert await bench.analyse(await bench.file(**facts)) == dict.fromkeys(NAMES, False)


async def test_analysis_when_one_model_changed_then_it_and_what_follows_it_are_looked_at(bench: Bench) -> None:
    """A finding counts on the findings its capability looked at; the description comes after the keywords."""
    first = await bench.file()
    await bench.analyse(first)
    old = samples.finding("keywords", {"by": "an older build"}, model_digest="0" * 64)
    key = options_key(None, {})
    await bench.database.write("test.keep", repository.keep, first, samples.OWNER, 1, [old], key, samples.START)
    assert await bench.analyse(await bench.file()) == {name: name not in ("keywords", "description") for name in NAMES}
    assert bench.looks.asked[-1] == ["keywords", "description"]


async def test_analysis_when_the_equal_file_is_in_the_trash_then_it_is_looked_at(bench: Bench) -> None:
    """What was thrown away is not used."""
    first = await bench.file()
    await bench.analyse(first)
    deleted = samples.event(Topic.DELETED, samples.lifecycle(first, change=1))
    await bench.database.write("test.deleted", consumers.on_deleted, deleted)
    assert await bench.analyse(await bench.file()) == dict.fromkeys(NAMES, False)


async def test_analysis_when_a_model_is_switched_off_then_the_sandbox_is_told_and_what_it_said_holds_no_more(
    bench: Bench,
) -> None:
    """`FILEMILL_MODELS_OFF` reaches the models that come with filemill too."""
    await bench.analyse(await bench.file())
    bench.registry = REGISTRY.without(frozenset({"vader"}))
    found = await bench.analyse(await bench.file())
    assert [name for name, reused in found.items() if not reused] == ["sentiment", "description"]
    assert bench.looks.disabled == ["vader"]
