"""What a model of the shelf says of a file: kept with its vectors, replaced whole, never two models beside each other."""

# ruff: noqa: ASYNC240  waiting for a condition; small files on a local disk

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from filemill.ai import consumers, repository
from filemill.ai.ledger import Analysis, AnalysisLedger
from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import HostLimits, ModelFailed
from filemill.ai.models.registry import open_registry
from filemill.ai.models.server import ENTRY
from filemill.ai.run import AnalysisRun
from filemill.ai.served_vectors import CHUNKS_MOST, SLICE
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.queue import TRIES_MOST
from filemill.chassis.jobs.table import INTERACTIVE
from filemill.chassis.jobs.worker import JobFailed, Progress
from filemill.chassis.sandbox import Limits, Sandbox
from filemill.contracts.ai import Finding
from filemill.contracts.processing import RenditionRef
from filemill.contracts.topics import Topic
from support import samples, tiny_models
from support.model_files import own_model

PAGES = [{"number": 1, "text": "The invoice. The total."}, {"number": 2, "text": "The mountain and the river."}]
CHUNKS = [{"page": 1, "start": 0, "end": 12}, {"page": 1, "start": 13, "end": 23}, {"page": 2, "start": 0, "end": 27}]

PREVIEW = RenditionRef(
    name="preview", content_type="image/webp", size=900, storage_key=samples.BLOB, width=64, height=48
)


@dataclass
class Blobs:
    """In the place of the store: one text, and perhaps one picture."""

    text: dict[str, Any]
    preview: bytes | None = None

    async def fetch(self, key: str, target: Path) -> None:
        if target.name == "text.json":
            target.write_text(json.dumps(self.text))
        elif self.preview is not None:
            target.write_bytes(self.preview)
        else:
            raise NotFound(key)


class Bench:
    """A worker's run over a shelf of tiny models."""

    def __init__(self, database: Database, tmp_path: Path) -> None:
        self.database = database
        self.shelf = tmp_path / "models"
        self.scratch = tmp_path / "scratch"
        self.blobs = Blobs({"pages": PAGES, "chunks": CHUNKS})
        self.host: ModelHost | None = None

    async def file(self) -> str:
        file_id, handlers = new_id(), consumers.handlers(60.0)
        for event in (
            samples.event(Topic.UPLOADED, samples.uploaded(file_id)),
            samples.event(Topic.PROCESSED, samples.processed(file_id, renditions=[PREVIEW])),
        ):
            await self.database.write("test.event", lambda tx, event=event: handlers[event.type](tx, event))
        await self.database.write("test.ended", lambda tx: repository.job_queue.cancel_open(tx, file_id))
        return file_id

    async def analyse(
        self, file_id: str, *capabilities: str, attempts: int = 1, deadline_s: float = 60.0
    ) -> list[Finding]:
        """Ask and see it to the end, with a registry read anew."""
        await self.close()
        registry = open_registry(self.shelf)
        sandbox = Sandbox(ENTRY, scratch=self.scratch)
        self.host = ModelHost(sandbox, self.scratch, registry, HostLimits(load_s=30, answer_s=30))
        row = await self.database.read(repository.known.get, file_id)
        assert row is not None
        from filemill.ai import jobs

        await self.database.write(
            "test.ask",
            lambda tx: jobs.enqueue(
                tx, row, lane=INTERACTIVE, cause="asked", deadline_s=deadline_s, capabilities=list(capabilities)
            ),
        )
        job: Any = None
        for _ in range(attempts):
            job = await self.database.write("test.claim", repository.job_queue.claim, "me")
            if job.attempts < attempts:
                await self.database.write("test.back", _back, job)
        around: Any = (self.database, self.blobs, None, self.scratch)
        self.scratch.mkdir(exist_ok=True)
        analysis = await AnalysisRun(*around, Limits(), registry, self.host)(job, Progress())
        assert isinstance(analysis, Analysis)
        await self.database.write("test.done", lambda tx: _done(tx, job, analysis))
        return analysis.findings

    async def vectors(self, file_id: str, after: int = -1, most: int = 100) -> list[Any]:
        return await self.database.read(repository.vectors_page, samples.OWNER, file_id, 1, after, most)

    async def close(self) -> None:
        if self.host is not None:
            await self.host.close()


def _back(tx: Any, job: Any) -> None:
    from filemill.chassis.jobs.table import Verdict

    repository.job_queue.try_again(tx, job, Verdict("x", "x", retryable=True), pause_s=0.0)


def _done(tx: Any, job: Any, analysis: Analysis) -> None:
    repository.job_queue.finish(tx, job, "done")
    AnalysisLedger().done(tx, job, analysis)


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(database, tmp_path)
    yield made
    await made.close()


def encoder(seed: int = 1) -> dict[str, bytes]:
    return {"model.onnx": tiny_models.encoder(seed), "tokenizer.json": tiny_models.tokenizer()}


async def test_embeddings_when_a_text_has_chunks_then_each_has_a_vector_at_its_place(bench: Bench) -> None:
    """In reading order, of length one, with the model and what was looked at in the finding."""
    own_model(bench.shelf, encoder())
    file_id = await bench.file()
    (finding,) = await bench.analyse(file_id, "embeddings")
    assert (finding.state, finding.model, finding.quality) == ("done", "of-test", "basic")
    assert finding.result == {"chunks": 3, "of_chunks": 3, "dimensions": tiny_models.WIDTH}
    assert finding.looked_at_characters == finding.of_characters == 12 + 10 + 27
    kept = await bench.vectors(file_id)
    assert [(row["chunk"], row["page"], row["first"], row["behind"]) for row in kept] == [
        (0, 1, 0, 12), (1, 1, 13, 23), (2, 2, 0, 27),
    ]  # fmt: skip
    assert np.allclose([np.linalg.norm(np.frombuffer(row["vector"], "<f4")) for row in kept], 1)
    assert [row["chunk"] for row in await bench.vectors(file_id, after=0, most=1)] == [1]


async def test_embeddings_when_another_model_speaks_then_no_vector_of_the_first_is_left(bench: Bench) -> None:
    """Vectors of two models cannot be compared, so they are never there together; a purge leaves none."""
    folder = own_model(bench.shelf, encoder())
    file_id = await bench.file()
    (first,) = await bench.analyse(file_id, "embeddings")
    before = await bench.vectors(file_id)
    (folder / "model.toml").unlink()
    own_model(bench.shelf, encoder(2), model_id="newer")
    bench.blobs.text["chunks"] = CHUNKS[:2]
    (second,) = await bench.analyse(file_id, "embeddings")
    assert second.model_digest != first.model_digest
    after = await bench.vectors(file_id)
    assert len(after) == 2
    assert not {row["vector"] for row in before} & {row["vector"] for row in after}
    purged = samples.event(Topic.PURGED, samples.lifecycle(file_id, change=9, purge_id=new_id()))
    await bench.database.write("test.purged", consumers.ERASURE.on_purged, purged)
    assert await bench.vectors(file_id) == []


async def test_embeddings_when_an_equal_file_has_vectors_then_they_are_copied_and_no_model_is_asked(
    bench: Bench,
) -> None:
    """Same owner, bytes, text and model. Of another model, or after the first file is gone, they are made anew."""
    folder = own_model(bench.shelf, encoder())
    first, second = await bench.file(), await bench.file()
    (made,) = await bench.analyse(first, "embeddings")
    (copied,) = await bench.analyse(second, "embeddings")
    assert (made.reused, copied.reused, copied.result) == (False, True, made.result)
    assert bench.host is not None
    assert bench.host.loaded == []
    of_first, of_second = await bench.vectors(first), await bench.vectors(second)
    assert [(row["chunk"], row["vector"]) for row in of_first] == [(row["chunk"], row["vector"]) for row in of_second]
    (folder / "model.toml").unlink()
    own_model(bench.shelf, encoder(2), model_id="newer")
    (newer,) = await bench.analyse(second, "embeddings")
    assert not newer.reused
    for gone in (second, first):
        deleted = samples.event(Topic.DELETED, samples.lifecycle(gone, change=1))
        await bench.database.write("test.deleted", consumers.on_deleted, deleted)
    (alone,) = await bench.analyse(await bench.file(), "embeddings")
    assert not alone.reused


@pytest.mark.parametrize(
    ("chunks", "pages", "state", "result"),
    [
        ([], PAGES, "empty", None),
        ([{"page": 1, "start": 0, "end": 3}], [{"number": 1, "text": "   "}], "empty", None),
        ([{"page": 7, "start": 0, "end": 3}], PAGES, "empty", None),
        ([{"page": 1, "start": 0, "end": 12}] * (CHUNKS_MOST + 9), PAGES, "done",
         {"chunks": CHUNKS_MOST, "of_chunks": CHUNKS_MOST + 9, "dimensions": tiny_models.WIDTH}),
    ],
    ids=["no chunks", "no words", "no such page", "very many"],
)  # fmt: skip
async def test_embeddings_when_the_text_is_odd_then_it_says_what_was_looked_at(
    bench: Bench, chunks: list[Any], pages: list[Any], state: str, result: Any
) -> None:
    """Bounded, and honest about the rest."""
    own_model(bench.shelf, encoder())
    bench.blobs.text = {"pages": pages, "chunks": chunks}
    (finding,) = await bench.analyse(await bench.file(), "embeddings")
    assert (finding.state, finding.result) == (state, result)


async def test_embeddings_when_the_time_is_over_then_the_beginning_has_vectors_and_it_says_so(bench: Bench) -> None:
    """At least something, in reading order; a slow machine loses no analysis to its deadline."""
    own_model(bench.shelf, encoder())
    bench.blobs.text["chunks"] = [CHUNKS[0]] * (SLICE + 5)
    file_id = await bench.file()
    (finding,) = await bench.analyse(file_id, "embeddings", deadline_s=0.001)
    assert finding.state == "done"
    assert finding.result["chunks"] == SLICE
    assert finding.reason is not None
    assert finding.reason.code == "cut-short"
    assert [row["chunk"] for row in await bench.vectors(file_id)] == list(range(SLICE))


async def test_run_when_a_model_crashes_then_it_is_a_failed_try_and_at_the_last_a_failed_finding(bench: Bench) -> None:
    """Nothing else of the analysis is lost to a model that cannot live with a text."""
    own_model(
        bench.shelf, {"model.onnx": tiny_models.encoder_that_eats_memory(), "tokenizer.json": tiny_models.tokenizer()}
    )
    bench.blobs.text["pages"] = [{"number": 1, "text": "the total of the invoice of the mountain"}]
    bench.blobs.text["chunks"] = [{"page": 1, "start": 0, "end": 40}]
    with pytest.raises(JobFailed, match="needed more memory") as tried:
        await bench.analyse(await bench.file(), "embeddings")
    assert tried.value.verdict.retryable
    assert isinstance(tried.value.__cause__, ModelFailed)
    job = await bench.database.write("test.end", lambda tx: repository.job_queue.abandoned(tx))
    for one in job:
        await bench.database.write("test.end", lambda tx, one=one: repository.job_queue.finish(tx, one, "failed"))
    (finding,) = await bench.analyse(await bench.file(), "embeddings", attempts=TRIES_MOST)
    assert finding.state == "failed"
    assert finding.reason is not None
    assert (finding.reason.code, finding.reason.retryable) == ("model-out-of-memory", True)


async def test_run_when_the_best_model_is_broken_then_the_next_speaks(bench: Bench) -> None:
    """Without another try: it is known at once that asking it again is useless. With none left the finding says why."""
    folder = own_model(bench.shelf, encoder())
    own_model(bench.shelf, encoder(2), model_id="second", rank=2)
    (folder / "model.onnx").write_bytes(encoder()["model.onnx"][:-1] + b"x")
    (finding,) = await bench.analyse(await bench.file(), "embeddings")
    assert (finding.state, finding.model) == ("done", "second")
    for path in (bench.shelf / "second").iterdir():
        path.unlink()
    (finding,) = await bench.analyse(await bench.file(), "embeddings")
    assert finding.state == "failed"
    assert finding.reason is not None
    assert "SHA-256" in finding.reason.detail


def picture(brightness: int) -> bytes:
    held = BytesIO()
    Image.new("RGB", (64, 48), (brightness,) * 3).save(held, "WEBP")
    return held.getvalue()


@pytest.mark.parametrize(
    ("preview", "state", "code"),
    [
        (picture(255), "done", None),
        (picture(0), "empty", "nothing-found"),
        (b"no picture", "unsupported", "no-preview"),
        (None, "unsupported", "no-preview"),
    ],
    ids=["bright", "dark", "broken", "none"],
)
async def test_objects_when_a_detector_is_on_the_shelf_then_each_has_a_box_as_evidence(
    bench: Bench, preview: bytes | None, state: str, code: str | None
) -> None:
    """What is named has its place and confidence; without a picture, or with nothing in it, that is the answer."""
    files = {"model.onnx": tiny_models.detector()}
    own_model(bench.shelf, files, capability="objects", settings=tiny_models.DETECTOR_SETTINGS)
    bench.blobs.preview = preview
    (finding,) = await bench.analyse(await bench.file(), "objects")
    assert (finding.state, finding.model, finding.reason.code if finding.reason else None) == (state, "of-test", code)
    if state == "done":
        box = {"left": 0.25, "top": 0.375, "width": 0.5, "height": 0.25}
        assert finding.result["counts"] == {"lamp": 1}
        assert finding.evidence == [{"box": box, "text": "lamp", "confidence": 1.0}]
        assert finding.confidence == 1.0
