"""What a model server does with a loaded model: one class per capability, each with `answer(items) -> answers`.

Runs only inside a confined child (`server`). Heavy libraries are imported here, on first use. An item that cannot be used is
answered with `{"refused": why}`, so that it spoils none beside it. What is wrong with a model raises `ModelUnusable`.
"""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from filemill.ai.models.wordpiece import WordPiece

Json = dict[str, Any]


class ModelUnusable(Exception):
    """The files of a model are right but cannot be used as one; the text says why."""


class Runtime(Protocol):
    """A loaded model."""

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """One answer for each item, in order."""
        ...


def open_runtime(
    capability: str, folder: Path, settings: Mapping[str, Any], graph: Path | None, threads: int
) -> Runtime:
    """Load a model from its folder. `graph`: of ours, for weights that come without one. Raises `ModelUnusable`."""
    session = open_session(graph or folder / "model.onnx", folder, threads)
    try:
        if capability == "embeddings":
            return TextEncoder(
                session, WordPiece.read(folder / "tokenizer.json", int(settings.get("most_tokens", 256)))
            )
        from filemill.ai.models.detector import Detector

        return Detector(session, settings)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ModelUnusable(f"its tokenizer or settings do not fit ({type(error).__name__}: {error})") from error


def open_session(graph: Path, weights: Path, threads: int) -> Any:
    """An ONNX Runtime session on the CPU; weights that the graph names by place are read from the folder `weights`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    # Idle threads must not burn the cores of the other services.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # onnxruntime has a class of its own for each way a file can be wrong
        if _is_memory(error):
            raise MemoryError from error
        raise ModelUnusable(f"ONNX Runtime cannot load it ({type(error).__name__})") from error


def run(session: Any, feeds: Json) -> list[Any]:
    """One inference. What did not fit into memory is a `MemoryError`, whatever the library calls it."""
    try:
        return list(session.run(None, feeds))
    except Exception as error:
        if _is_memory(error):
            raise MemoryError from error
        raise


def _is_memory(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or "bad_alloc" in said or ("alloc" in said and "fail" in said)


class TextEncoder:
    """Texts to vectors: the mean over a text's tokens, of length 1. Answers `{"vector": base64 of float32, little-endian}`."""

    def __init__(self, session: Any, tokenizer: WordPiece) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = {one.name for one in session.get_inputs()}
        if not {"input_ids", "attention_mask"} <= self._inputs <= {"input_ids", "attention_mask", "token_type_ids"}:
            raise ValueError(f"it wants {', '.join(sorted(self._inputs))}")

    def answer(self, items: Sequence[Any]) -> list[Json]:
        """`items`: texts."""
        import numpy as np

        rows = [self._tokenizer.encode(str(text)) for text in items]
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feeds["token_type_ids"] = np.zeros_like(ids)
        hidden = run(self._session, feeds)[0]
        weights = mask[..., None].astype(np.float32)
        vectors = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return [{"vector": base64.b64encode(one.astype("<f4").tobytes()).decode()} for one in vectors]
