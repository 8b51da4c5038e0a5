"""Models in confined children: loaded on demand, answered in batches, gone when idle, and alone in their misfortune."""

# ruff: noqa: ASYNC110  waiting for a condition; small files on a local disk

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import HostLimits, ModelFailed
from filemill.ai.models.registry import Model, Registry, open_registry
from filemill.ai.models.server import ENTRY
from filemill.chassis.sandbox import Sandbox
from support import tiny_models
from support.model_files import own_model

ENCODER = {"model.onnx": tiny_models.encoder(), "tokenizer.json": tiny_models.tokenizer()}


class Bench:
    """A shelf with tiny models, and a host over it."""

    def __init__(self, tmp_path: Path, limits: HostLimits) -> None:
        self.shelf = tmp_path / "models"
        self.sandbox = Sandbox(ENTRY, scratch=tmp_path / "scratch")
        self._scratch = tmp_path / "scratch"
        self.limits = limits
        self.registry: Registry = open_registry(self.shelf)
        self.host: ModelHost

    def add(self, files: dict[str, bytes] | None = None, **more: Any) -> Path:
        return own_model(self.shelf, files or ENCODER, **more)

    def open(self, **limits: Any) -> "Bench":
        self.registry = open_registry(self.shelf)
        self.host = ModelHost(self.sandbox, self._scratch, self.registry, replace(self.limits, **limits))
        return self

    def model(self, model_id: str = "of-test") -> Model:
        found = self.registry.get(model_id)
        assert found is not None
        return found

    async def ask(self, *items: Any, model_id: str = "of-test") -> list[dict[str, Any]]:
        return await self.host.ask(self.model(model_id), items)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.sandbox.zygote_pid).children() if self.sandbox.zygote_pid else []


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, HostLimits(load_s=30, answer_s=30))
    yield made
    await made.host.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def vector(answer: dict[str, Any]) -> Any:
    return np.frombuffer(base64.b64decode(answer["vector"]), "<f4")


async def test_ask_when_a_model_is_on_the_shelf_then_its_child_answers_in_order(bench: Bench) -> None:
    """Vectors of length one, the same for the same text whatever it is asked with; `loaded` while it is in memory."""
    bench.add()
    bench.open()
    assert bench.model().state == "ready"
    first, second = await bench.ask("Invoice total.", "The mountain")
    (again,) = await bench.ask("invoice TOTAL.")
    assert np.allclose(vector(first), vector(again), atol=1e-6)
    assert abs(float(vector(first) @ vector(second))) < 0.99
    assert np.isclose(np.linalg.norm(vector(second)), 1)
    assert bench.model().state == "loaded"
    assert len(bench.children()) == 1


async def test_ask_when_many_ask_at_once_then_they_are_answered_together(bench: Bench) -> None:
    """One child, few inferences, each caller gets its own answer; a text of any size is cut, not refused."""
    bench.add()
    bench.open(batch_most=8)
    texts = [f"{word} of the river" for word in ("invoice", "total", "mountain")] * 8 + ["river " * 200_000]
    alone = [vector((await bench.ask(text))[0]) for text in texts[:3]]
    asked: list[int] = []
    session = bench.host._servers["of-test"].session
    assert session is not None
    through = session.ask

    async def counted(request: dict[str, Any], *, timeout_s: float) -> Any:
        asked.append(len(request["items"]))
        return await through(request, timeout_s=timeout_s)

    session.ask = counted  # type: ignore[method-assign]
    answers = await asyncio.gather(*[bench.ask(text) for text in texts])
    assert asked == [8, 8, 8, 1]
    for at in range(24):
        assert np.allclose(vector(answers[at][0]), alone[at % 3], atol=1e-6)


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda body: body[:-1] + b"x", "model-refused", "SHA-256"),
        (lambda body: b"\x80\x04K\x01." + bytes(len(body) - 5), "model-refused", "SHA-256"),
    ],
    ids=["a bit changed", "a pickle in its place"],
)
async def test_ask_when_a_file_is_not_the_manifests_then_it_is_never_loaded(
    bench: Bench, spoil: Callable[[bytes], bytes], code: str, said: str
) -> None:
    """Of the right size, so it looked ready; the state says what was wrong, and that nobody need ask again."""
    folder = bench.add()
    (folder / "model.onnx").write_bytes(spoil(ENCODER["model.onnx"]))
    bench.open()
    with pytest.raises(ModelFailed, match=said) as failed:
        await bench.ask("invoice")
    assert (failed.value.code, failed.value.of_model) == (code, True)
    assert bench.model().state == "failed"
    assert said in (bench.model().reason or "")
    assert bench.children() == []


@pytest.mark.parametrize(
    "files",
    [
        {"model.onnx": b"\x80\x04K\x01.", "tokenizer.json": ENCODER["tokenizer.json"]},
        {"model.onnx": ENCODER["model.onnx"][:200], "tokenizer.json": ENCODER["tokenizer.json"]},
        {"model.onnx": ENCODER["model.onnx"], "tokenizer.json": b'{"model": {"type": "BPE"}}'},
        {"model.onnx": ENCODER["model.onnx"], "tokenizer.json": b"not json"},
        {"model.onnx": tiny_models.detector(), "tokenizer.json": ENCODER["tokenizer.json"]},
        {"model.onnx": ENCODER["model.onnx"]},
    ],
    ids=["a pickle", "truncated", "another tokenizer", "no JSON", "another kind of model", "no tokenizer"],
)
async def test_ask_when_the_files_are_no_such_model_then_it_is_named_and_others_work(
    bench: Bench, files: dict[str, bytes]
) -> None:
    """A manifest may be wrong about what it describes: the reason is stated, and the host goes on."""
    bench.add(files)
    bench.add(model_id="good")
    bench.open()
    with pytest.raises(ModelFailed) as failed:
        await bench.ask("invoice")
    assert failed.value.code == "model-unusable"
    assert bench.model().state == "failed"
    assert len(await bench.ask("invoice", model_id="good")) == 1


async def test_ask_when_the_child_is_killed_then_that_question_fails_and_the_next_is_answered(bench: Bench) -> None:
    """A crash is a failed try of who asked; the model is loaded again."""
    bench.add()
    bench.open()
    await bench.ask("invoice")
    (child,) = bench.children()
    os.kill(child.pid, signal.SIGSTOP)
    asking = asyncio.create_task(bench.ask("total"))
    await asyncio.sleep(0)
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ModelFailed, match="crashed") as failed:
        await asking
    assert not failed.value.of_model
    assert len(await bench.ask("total")) == 1


async def test_ask_when_it_hangs_then_it_is_stopped_at_its_time(bench: Bench) -> None:
    """A stopped process never answers."""
    bench.add()
    bench.open(answer_s=1)
    await bench.ask("invoice")
    (child,) = bench.children()
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ModelFailed, match="did not answer in time"):
        await bench.ask("total")
    assert not psutil.pid_exists(child.pid)
    assert len(await bench.ask("total")) == 1


async def test_ask_when_a_model_wants_too_much_memory_then_only_that_question_fails(bench: Bench) -> None:
    """The limit is the kernel's; what is asked of the model afterwards is answered by a new child."""
    bench.add({"model.onnx": tiny_models.encoder_that_eats_memory(), "tokenizer.json": tiny_models.tokenizer()})
    bench.open()
    assert len(await bench.ask("invoice")) == 1
    with pytest.raises(ModelFailed, match="needed more memory"):
        await bench.ask("the total of the invoice of the mountain")
    assert len(await bench.ask("invoice")) == 1


async def test_run_when_nobody_asks_for_a_while_then_the_memory_is_given_back(bench: Bench) -> None:
    """The child ends, and with the last one the process that forks them."""
    bench.add()
    bench.open(idle_s=0.2)
    loop = asyncio.create_task(bench.host.run())
    await bench.ask("invoice")
    zygote = bench.sandbox.zygote_pid
    assert zygote is not None
    await until(lambda: bench.sandbox.zygote_pid is None and not psutil.pid_exists(zygote))
    assert bench.model().state == "ready"
    assert len(await bench.ask("invoice")) == 1
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert bench.sandbox.zygote_pid is None


async def test_ask_when_memory_is_short_then_the_one_asked_longest_ago_makes_room(bench: Bench) -> None:
    """By the bytes of their entries; a model that fits never is told so."""
    for name in ("a", "b", "c"):
        bench.add(model_id=name, memory_bytes=100_000_000)
    bench.add(model_id="giant", memory_bytes=500_000_000)
    bench.open(memory_bytes=250_000_000)
    for name in ("a", "b", "a", "c"):
        await bench.ask("invoice", model_id=name)
    assert sorted(bench.host.loaded) == ["a", "c"]
    assert [bench.model(name).state for name in ("a", "b", "c")] == ["loaded", "ready", "loaded"]
    with pytest.raises(ModelFailed, match="models may have 250000000"):
        await bench.ask("invoice", model_id="giant")
    assert sorted(bench.host.loaded) == ["a", "c"]


async def test_preload_when_models_are_named_then_they_are_warm_and_others_are_left(bench: Bench) -> None:
    """A name nobody knows, or a broken one, stops nothing."""
    bench.add({"model.onnx": b"nothing", "tokenizer.json": b"{}"}, model_id="broken")
    bench.add()
    bench.open()
    await bench.host.preload(["unknown", "broken", "vader", "of-test"])
    assert bench.host.loaded == ["of-test"]


async def test_ask_when_too_many_wait_then_it_is_refused_at_once(bench: Bench) -> None:
    """Every queue has a bound."""
    bench.add()
    bench.open(waiting_most=3)
    with pytest.raises(ModelFailed) as failed:
        await bench.ask(*["invoice"] * 4)
    assert failed.value.code == "model-queue-full"


async def test_ask_when_the_caller_leaves_then_the_others_are_answered(bench: Bench) -> None:
    """A cancelled job takes nobody along."""
    bench.add()
    bench.open(batch_most=2)
    tasks = [asyncio.create_task(bench.ask("invoice")) for _ in range(6)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, BaseException) for one in ended] == [False, True, False, False, False, False]


def picture(brightness: int, size: tuple[int, int] = (64, 48)) -> str:
    held = BytesIO()
    Image.new("RGB", size, (brightness,) * 3).save(held, "WEBP")
    return base64.b64encode(held.getvalue()).decode()


async def test_detect_when_pictures_are_asked_together_then_each_has_its_own_boxes(bench: Bench) -> None:
    """Boxes in shares of the picture and inside it; what is no picture is refused alone; one pixel is a picture."""
    bench.add({"model.onnx": tiny_models.detector()}, capability="objects", settings=tiny_models.DETECTOR_SETTINGS)
    bench.open()
    bright, dark, broken, pixel = await bench.ask(
        picture(255), picture(0), base64.b64encode(b"no picture").decode(), picture(255, (1, 1))
    )
    box = {"left": 0.25, "top": 0.375, "width": 0.5, "height": 0.25}
    assert bright == pixel == {"found": [{"label": "lamp", "confidence": 1.0, "box": box}]}
    assert dark == {"found": []}
    assert broken == {"refused": "it is not a readable picture"}
