"""Loading a model of the kind `runtime = "transformers"`: of the files of its manifest only, with no network or foreign code.

The library looks for many files by name (adapters, code, other weights). It is shown a folder with links to the files of the
manifest (`loading` makes it), all hashed before, so it can find nothing else. Weights are `.safetensors`; pickle is refused by
its name. On failure: `ModelUnusable`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filemill.ai.models.runtime import ModelUnusable, Runtime

VIEW = "model"
"""Below the work folder of the child: the links."""
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
WITHOUT_PICKLE = frozenset({".safetensors", ".json", ".txt"})
PREFER_PIL = "pil"
_KINDS = {
    "captions": ("AutoModelForImageTextToText", "Captioner"),
    "classification": ("AutoModelForSequenceClassification", "ZeroShot"),
    "names": ("AutoModelForTokenClassification", "NameFinder"),
    "objects": ("AutoModelForObjectDetection", "TorchDetector"),
    "sentiment": ("AutoModelForSequenceClassification", "TextClassifier"),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What was loaded: the model, and its tokenizer or what makes numbers of pictures."""

    model: Any
    processor: Any
    device: str


def open_torch(capability: str, view: Path, settings: Mapping[str, Any], device: str, threads: int) -> Runtime:
    """Load what `view` shows: a folder with the files of the manifest and nothing else. Raises `ModelUnusable`."""
    _check(view)
    os.environ.update(OFFLINE)
    try:
        import torch

        torch.set_num_threads(threads)
        return _open(capability, view, settings, chosen_device(device, torch))
    except (MemoryError, ModelUnusable):
        raise
    except Exception as error:  # transformers has a class of its own for each way a folder can be wrong
        if "alloc" in str(error).lower():
            raise MemoryError from error
        raise ModelUnusable(f"transformers cannot load it ({type(error).__name__}: {_short(error)})") from error


def chosen_device(wanted: str, torch: Any) -> str:
    """`cpu` or `cuda`. Raises `ModelUnusable` where CUDA is asked for and not there."""
    there = bool(torch.cuda.is_available()) if wanted != "cpu" else False
    if wanted == "cuda" and not there:
        raise ModelUnusable("FILEMILL_MODELS_DEVICE is cuda, and PyTorch finds no CUDA device here")
    return "cuda" if there else "cpu"


def _check(view: Path) -> None:
    """Raises `ModelUnusable` where what is shown cannot be a model, or might hold code."""
    names = sorted(one.name for one in view.iterdir())
    wrong = next((name for name in names if Path(name).suffix not in WITHOUT_PICKLE), None)
    if wrong is not None:
        raise ModelUnusable(f"{wrong} may hold code; transformers models are safetensors, json and txt files")
    if "config.json" not in names or not any(name.endswith(".safetensors") for name in names):
        raise ModelUnusable("its manifest lacks config.json or weights as .safetensors")


def _open(capability: str, view: Path, settings: Mapping[str, Any], device: str) -> Runtime:
    import transformers

    from filemill.ai.models import torch_models

    kind, answerer = _KINDS[capability]
    careful: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model, facts = getattr(transformers, kind).from_pretrained(
        view, use_safetensors=True, output_loading_info=True, **careful
    )
    lacking = sorted(facts["missing_keys"])
    if lacking:  # the library would fill them with random numbers
        raise ModelUnusable(f"its weights lack {len(lacking)} tensors, {lacking[0]} first")
    if capability == "objects":
        processor = transformers.AutoImageProcessor.from_pretrained(view, backend=PREFER_PIL, **careful)
    elif capability == "captions":
        pictures = transformers.AutoImageProcessor.from_pretrained(view, backend=PREFER_PIL, **careful)
        processor = torch_models.PicturesAndWords(pictures, transformers.AutoTokenizer.from_pretrained(view, **careful))
    else:
        processor = transformers.AutoTokenizer.from_pretrained(view, **careful)
    made: Runtime = getattr(torch_models, answerer)(Parts(model.eval().to(device), processor, device), settings)
    return made


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no reason given"
