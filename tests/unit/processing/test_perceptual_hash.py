"""The fingerprint of how a picture looks: near-duplicates are close, other pictures far."""

import random
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from .files import encode

NEAR_BITS = 8
FAR_BITS = 16


def scene(seed: int) -> Image.Image:
    """Return a picture of soft patches, as a photo has them."""
    patches = Image.frombytes("RGB", (7, 5), random.Random(seed).randbytes(7 * 5 * 3))
    return patches.resize((420, 300), Image.Resampling.BICUBIC)


def distance(process: Any, one: bytes, other: bytes) -> int:
    """Return how many bits of the fingerprints of two files differ."""
    first, second = (process(content, "a")["properties"]["perceptual_hash"] for content in (one, other))
    assert len(first) == len(second) == 16
    return (int(first, 16) ^ int(second, 16)).bit_count()


@pytest.mark.parametrize("change", ["smaller", "poor-jpeg", "brighter", "grey"])
def test_hash_when_the_picture_was_only_re_encoded_then_it_is_near(process: Any, change: str) -> None:
    """What a mail program or a phone does to a picture leaves it findable."""
    original = scene(1)
    changed = {
        "smaller": lambda: encode(original.resize((140, 100)), "PNG"),
        "poor-jpeg": lambda: encode(original, "JPEG", quality=20),
        "brighter": lambda: encode(ImageEnhance.Brightness(original).enhance(1.15), "PNG"),
        "grey": lambda: encode(original.convert("L"), "PNG"),
    }[change]()
    assert distance(process, encode(original, "PNG"), changed) <= NEAR_BITS


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_hash_when_the_picture_is_another_then_it_is_far(process: Any, seed: int) -> None:
    """Unrelated pictures are not taken for copies."""
    assert distance(process, encode(scene(1), "PNG"), encode(scene(seed), "PNG")) >= FAR_BITS
