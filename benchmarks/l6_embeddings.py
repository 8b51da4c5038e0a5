"""L6: vectors of texts through our host (confined child, batches, JSON), against the same graph in this process, in one run.

The weights are random, of MiniLM's size and shape, so nothing need be fetched: what is computed is as much. The anchor is ONNX
Runtime called directly with batches of the same texts. Beside it: what a batch gains, and what a warm model saves.
"""

import asyncio
import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from filemill.ai.models.host import ModelHost, open_host
from filemill.ai.models.loading import HostLimits
from filemill.ai.models.registry import Model, open_registry
from filemill.ai.models.runtime import TextEncoder, open_session
from filemill.ai.models.server import GRAPHS
from filemill.ai.models.wordpiece import WordPiece

GRAPH = "minilm-l6.onnx"
WEIGHTS_BYTES = 90_868_376
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(2000)))
TEXTS, BATCH, ROUNDS, SHORT = 32, 16, 5, 64
GOAL_RATIO, GOAL_BATCH, GOAL_WARM = 1.15, 1.3, 10.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[dict[str, Any]]:
    threads = os.cpu_count() or 1
    place = _put_model(folder / "models" / "bench")
    registry = open_registry(folder / "models")
    host = open_host(folder, registry, HostLimits(batch_most=BATCH, threads=threads), "full")
    model = registry.get("bench")
    assert model is not None, registry.broken
    random = np.random.default_rng(6)
    texts = [" ".join(random.choice(WORDS[4:], 150)) for _ in range(TEXTS)]
    short = [" ".join(random.choice(WORDS[4:], 5)) for _ in range(SHORT)]
    try:
        cold_s = await _timed(host, model, short[:1])
        warm_s = statistics.median([await _timed(host, model, short[:1]) for _ in range(9)])
        bare = TextEncoder(open_session(GRAPHS / GRAPH, place, threads), WordPiece.read(place / "tokenizer.json", 256))
        bare.answer(short[:1])
        ours, anchor, together, single = [], [], [], []
        for _ in range(ROUNDS):
            anchor.append(_bare(bare, texts))
            ours.append(await _timed(host, model, texts))
            together.append(await _timed(host, model, short))
            single.append(sum([await _timed(host, model, [one]) for one in short]))
    finally:
        await host.close()
    ours_s, anchor_s, together_s, single_s = (statistics.median(times) for times in (ours, anchor, together, single))
    return [
        _row("L6", "vectors of texts of 150 words, through the host", "ONNX Runtime called directly", TEXTS / ours_s,
             TEXTS / anchor_s, ours_s / anchor_s, f"time <= {GOAL_RATIO}x", met=ours_s / anchor_s <= GOAL_RATIO),
        _row("L6-batch", f"short texts, {BATCH} at once", "the same, one by one", SHORT / together_s, SHORT / single_s,
             single_s / together_s, f">= {GOAL_BATCH}x", met=single_s / together_s >= GOAL_BATCH),
        _row("L6-warm", "a call of a loaded model", "the first call", 1 / warm_s, 1 / cold_s, cold_s / warm_s,
             f">= {GOAL_WARM:g}x", met=cold_s / warm_s >= GOAL_WARM),
    ]  # fmt: skip


def _row(
    number: str, work: str, anchor_is: str, ours: float, anchor: float, ratio: float, goal: str, *, met: bool
) -> dict[str, Any]:
    return {"id": number, "work": work, "anchor_is": anchor_is, "goal": goal, "met": met, "ours": round(ours, 1),
            "anchor": round(anchor, 1), "ratio": round(ratio, 3), "unit": "texts/s"}  # fmt: skip


async def _timed(host: ModelHost, model: Model, texts: Sequence[str]) -> float:
    began_s = time.perf_counter()
    await host.ask(model, texts)
    return time.perf_counter() - began_s


def _bare(encoder: TextEncoder, texts: Sequence[str]) -> float:
    began_s = time.perf_counter()
    for at in range(0, len(texts), BATCH):
        encoder.answer(texts[at : at + BATCH])
    return time.perf_counter() - began_s


def _put_model(folder: Path) -> Path:
    """A model of MiniLM's size on a shelf: the graph reads its weights by place, whatever they are."""
    folder.mkdir(parents=True)
    weights = np.random.default_rng(1).standard_normal(WEIGHTS_BYTES // 4, dtype=np.float32) * np.float32(0.02)
    described = {"normalizer": {"type": "BertNormalizer"},
                 "model": {"type": "WordPiece", "vocab": {word: at for at, word in enumerate(WORDS)}}}  # fmt: skip
    files = {"model.safetensors": weights.tobytes(), "tokenizer.json": json.dumps(described).encode()}
    entry = f"""
        id = "bench"\ncapability = "embeddings"\ntitle = "Random"\nversion = "1"\nruntime = "onnxruntime"
        quality = "basic"\nrank = 0\nlicence = "CC0-1.0"\nlanguages = ["*"]\ndevice = "cpu"
        size_bytes = 91_000_000\nmemory_bytes = 400_000_000\nbuilt_in = false
        settings = {{ graph = "{GRAPH}", most_tokens = 256 }}
    """
    for name, body in files.items():
        (folder / name).write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        entry += f'\n[[files]]\nname = "{name}"\nsize_bytes = {len(body)}\nsha256 = "{digest}"\n'
    (folder / "model.toml").write_text(entry)
    return folder


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
