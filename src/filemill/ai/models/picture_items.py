"""A picture as a model server is asked about it: base64 of a preview, decoded inside the confined child."""

import base64
import io
from typing import Any

MAX_PIXELS = 32_000_000
"""As `capabilities.picture`: previews have about two million."""


def opened_picture(item: str) -> Any:
    """The picture in RGB, or None for what is none or is too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(base64.b64decode(item))) as image:
            return None if image.width * image.height > MAX_PIXELS else image.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None
