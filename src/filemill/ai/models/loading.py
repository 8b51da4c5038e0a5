"""Opening one model: a confined child that has its folder to read, its manifest to check against, and limits of its own.

Not for: which models are open, and who asks them (`host`). On failure: `ModelFailed`, and the child is gone.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from filemill.ai.models.entry import TRANSFORMERS, ModelEntry
from filemill.ai.models.shelf import Shelf
from filemill.ai.models.torch_loading import VIEW
from filemill.chassis.sandbox import Limits, Outcome, Sandbox
from filemill.chassis.sandbox.session import Session

CODE_BYTES = 768 << 20
"""Address space beside a model's own memory: libraries, their threads, and the inputs of a batch."""
TORCH_CODE_BYTES = 6 << 30
"""The same for PyTorch, whose libraries map 3.4 GB before a model is there."""
LIFE_S = 7 * 24 * 3600.0
"""Of a child; the host ends one that is idle before."""
QUEUE_FULL = "model-queue-full"


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What models may use. `answer_s` is the time of one batch, `threads` those of one model."""

    memory_bytes: int = 2 << 30
    idle_s: float = 300.0
    batch_most: int = 16
    waiting_most: int = 10_000
    load_s: float = 120.0
    answer_s: float = 60.0
    threads: int = 1
    device: str = "cpu"
    """`auto`, `cpu` or `cuda`, for models of PyTorch."""


class ModelFailed(Exception):
    """A question was not answered. `of_model`: the model itself cannot be used, and asking again is useless for a while."""

    def __init__(self, code: str, detail: str, *, of_model: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.of_model = of_model


async def open_model(sandbox: Sandbox, shelf: Shelf, entry: ModelEntry, work_dir: Path, limits: HostLimits) -> Session:
    """The child of a model, its files checked, loaded and warm. Raises `ModelFailed`."""
    # Address space, of which a model maps more than it uses; what it may use is `memory_bytes`.
    memory = 2 * entry.memory_bytes + (TORCH_CODE_BYTES if entry.runtime == TRANSFORMERS else CODE_BYTES)
    walls = Limits(memory_bytes=memory, cpu_s=int(LIFE_S), wall_s=LIFE_S, file_bytes=1 << 20, open_files=64)
    if entry.runtime == TRANSFORMERS:
        _show(shelf, entry, work_dir / VIEW)
    session = await sandbox.open(source=shelf.folder(entry), work_dir=work_dir, limits=walls)
    what = {
        "capability": entry.capability,
        "runtime": entry.runtime,
        "device": limits.device if entry.device != "cpu" else "cpu",
        "files": [{"name": one.name, "sha256": one.sha256, "size_bytes": one.size_bytes} for one in entry.shelf_files],
        "settings": dict(entry.settings),
        "threads": limits.threads,
    }
    try:
        outcome = await session.ask({"load": what}, timeout_s=limits.load_s)
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)
    if outcome.state != "ok":
        await session.kill()
        raise failure(entry, outcome, of_model=True)
    return session


def _show(shelf: Shelf, entry: ModelEntry, view: Path) -> None:
    """A folder of links to the files of the manifest, for a library that takes what it finds beside them."""
    view.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    view.mkdir()
    for file in entry.shelf_files:
        (view / file.name).symlink_to(shelf.path(entry, file))


def failure(entry: ModelEntry, outcome: Outcome, *, of_model: bool = False) -> ModelFailed:
    """What to say of a child that did not answer well."""
    words = {
        "out-of-memory": "needed more memory than its entry says",
        "timeout": "did not answer in time and was stopped",
        "crashed": "crashed",
        "cancelled": "was stopped",
        "output-too-large": "answered more than is allowed",
    }
    said = words.get(outcome.state)
    code = outcome.code if outcome.state == "failed" and outcome.code else f"model-{outcome.state}"
    detail = f"The model {entry.id} {said}." if said else f"The model {entry.id}: {outcome.detail}"
    return ModelFailed(code, detail, of_model=of_model)
