"""The entry of a model server: a confined child that loads one model and answers questions until it is closed.

It reads its folder of the shelf and the libraries, and nothing else; it has no network. Each file is hashed before it is read
as a model, so one that is not what its manifest says is never loaded. On failure: `EntryError` with a code; the host decides.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.ai.models.entry import TRANSFORMERS, ModelFile
from filemill.ai.models.runtime import ModelUnusable, Runtime, open_runtime
from filemill.ai.models.shelf import flaw
from filemill.ai.models.torch_loading import VIEW, open_torch
from filemill.chassis.sandbox.errors import EntryError

ENTRY = "filemill.ai.models.server:serve"
GRAPHS = Path(__file__).parent / "graphs"

_loaded: dict[str, Runtime] = {}
"""The one model of this process."""


def serve(
    request: dict[str, Any], work_dir: Path, source: Path, _report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """`{"load": what}` once, then `{"items": […]}` as often as somebody likes."""
    if "load" in request:
        _load(request["load"], source, work_dir)
        return {}
    return {"answers": _loaded["model"].answer(request["items"])}


def _load(what: dict[str, Any], folder: Path, work_dir: Path) -> None:
    for facts in what["files"]:
        file = ModelFile(facts["name"], sha256=facts["sha256"], size_bytes=facts["size_bytes"])
        if (wrong := flaw(folder / file.name, file)) is not None:
            raise EntryError("model-refused", f"{wrong}; it was not loaded.")
    try:
        runtime = _open(what, folder, work_dir)
        # Warm: what is set up at the first use is set up before anybody waits.
        runtime.answer(_SAMPLE[what["capability"]])
    except ModelUnusable as error:
        raise EntryError("model-unusable", f"{str(error).rstrip('.')}.") from error
    _loaded["model"] = runtime


def _open(what: dict[str, Any], folder: Path, work_dir: Path) -> Runtime:
    settings = what["settings"]
    if what["runtime"] == TRANSFORMERS:
        return open_torch(what["capability"], work_dir / VIEW, settings, what["device"], what["threads"])
    graph = GRAPHS / Path(settings["graph"]).name if settings.get("graph") else None
    return open_runtime(what["capability"], folder, settings, graph, what["threads"])


_GREY = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR42mNogAIGyhgAgIQgARDoahcAAAAASUVORK5CYII="
"""A grey PNG of 8 x 8 pixels, in base64."""
_TEXT = "A first text."
_SAMPLE: dict[str, list[Any]] = {
    "captions": [_GREY],
    "classification": [_TEXT],
    "embeddings": [_TEXT],
    "names": [_TEXT],
    "objects": [_GREY],
    "sentiment": [_TEXT],
}
