"""Compressed blobs for tests, written without the compressor."""

import random
from typing import Any

from filemill.chassis.storage.seekable import FRAME_BYTES, Frame, SeekTable, compress_frame


def words(size: int, seed: int = 1) -> bytes:
    """A text of so many bytes that loses more than half of them when it is compressed; no two parts are the same."""
    dice = random.Random(seed)
    known = [bytes(dice.choices(b"abcdefghijklmnopqrstuvwxyz", k=dice.randrange(2, 12))) for _ in range(3000)]
    text, made = [], 0
    while made <= size:
        more = dice.choices(known, k=10_000)
        text += more
        made += sum(map(len, more)) + len(more)
    return b" ".join(text)[:size]


def packed(data: bytes, frame_bytes: int = FRAME_BYTES) -> bytes:
    """The compressed form."""
    parts = [data[at : at + frame_bytes] for at in range(0, len(data), frame_bytes)]
    frames = [compress_frame(part) for part in parts]
    sizes = [Frame(len(frame), len(part)) for frame, part in zip(frames, parts, strict=True)]
    return b"".join(frames) + SeekTable(sizes).encode()


async def put_packed(store: Any, key: str, data: bytes, frame_bytes: int = FRAME_BYTES) -> int:
    """Store the compressed form of a blob; returns its bytes."""
    writer = await store.create_compressed(key)
    body = packed(data, frame_bytes)
    await writer.write(body)
    await writer.commit()
    return len(body)
