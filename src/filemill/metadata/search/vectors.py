"""Arithmetic on vectors and hashes: an exact scan, no index that guesses. Vectors are of one model or are not compared.

Kept as float16 of unit length: half the bytes, and a similarity that is right to three places. numpy is loaded at first use: a
start, and a mill without vectors, need not wait for it.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from filemill.metadata.vectors_repository import Kept

CHUNKS_MOST = 64
"""Of one document: the beginning of a book says what it is about."""
RRF_K = 60
"""Cormack, Clarke and Büttcher 2009: reciprocal rank fusion with the constant they measured."""
HASH_BITS = 64


def packed(vectors: Sequence[str], dimensions: int) -> bytes:
    """Base64 of float32 each, as ai gives them, as they are kept. Raises `ValueError` for a vector of another length."""
    import numpy as np

    found = np.stack([np.frombuffer(base64.b64decode(one), dtype="<f4") for one in vectors[:CHUNKS_MOST]])
    if found.shape[1] != dimensions:
        raise ValueError(f"vectors have {found.shape[1]} dimensions, not {dimensions}")
    return bytes(_unit(found).astype("<f2").tobytes())


def question(vector: str) -> Any:
    """A vector of a question, unit length: float32 (D,)."""
    import numpy as np

    return _unit(np.frombuffer(base64.b64decode(vector), dtype="<f4")[None, :])[0]


def centre(kept: Kept) -> Any:
    """The mean of a document's vectors, unit length: float32 (D,)."""
    return _unit(_matrix([kept]).mean(axis=0)[None, :])[0]


def nearest(asked: Any, kept: Sequence[Kept], most: int, least: float) -> list[tuple[int, float]]:
    """(key, cosine) of the documents with a chunk nearest to a vector, best first; of equal ones the newest."""
    import numpy as np

    same = [one for one in kept if one.dimensions == len(asked)]
    if not same:
        return []
    sizes = [len(one.body) // 2 // one.dimensions for one in same]
    similarities = _matrix(same) @ asked
    best = np.maximum.reduceat(similarities, np.cumsum([0, *sizes[:-1]]))
    scored = [(one.doc_id, round(float(value), 4)) for one, value in zip(same, best, strict=True) if value >= least]
    return sorted(scored, key=lambda one: (-one[1], -one[0]))[:most]


def near_pictures(asked: int, others: Sequence[tuple[int, int]], most_bits: int) -> list[tuple[int, float]]:
    """(key, share of equal bits) of pictures whose hash differs in at most so many bits, best first."""
    import numpy as np

    if not others:
        return []
    hashes = np.array([found for _, found in others], dtype=np.int64).view(np.uint64)
    bits = np.bitwise_count(hashes ^ np.array(asked, dtype=np.int64).view(np.uint64))
    close = [
        (key, 1 - int(count) / HASH_BITS) for (key, _), count in zip(others, bits, strict=True) if count <= most_bits
    ]
    return sorted(close, key=lambda one: (-one[1], -one[0]))


def fused(*rankings: Iterable[int]) -> list[tuple[int, float]]:
    """(key, score) of several rankings joined by reciprocal rank, best first; of equal ones the newest."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RRF_K + place)
    return sorted(((key, round(score, 6)) for key, score in scores.items()), key=lambda one: (-one[1], -one[0]))


def _matrix(kept: Sequence[Kept]) -> Any:
    import numpy as np

    joined = np.frombuffer(b"".join(one.body for one in kept), dtype="<f2")
    return joined.reshape(-1, kept[0].dimensions).astype(np.float32)


def _unit(rows: Any) -> Any:
    import numpy as np

    lengths = np.linalg.norm(rows.astype(np.float32), axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
