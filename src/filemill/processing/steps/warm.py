"""What the zygote imports so that children need not: the heavy libraries, with their tables loaded but no file opened.

A module on its own so that it can be preloaded by name; importing it must start no thread (the zygote checks).
Not for: anything a step needs to work; each step imports what it uses itself. On failure: the zygote says which import
failed.
"""

import mimetypes

import kreuzberg
import pillow_heif
import pypdfium2
import pyvips
from PIL import Image, ImageCms, ImageOps

from filemill.processing import plan
from filemill.processing.steps import libmagic, pictures

pictures.prepare_pillow()
libmagic.detector()
mimetypes.init()
for operation in (
    "thumbnail_source",
    "thumbnail_image",
    "webpsave",
    "jpegload",
    "pngload",
    "copy",
    "colourspace",
    "deviate",
):
    pyvips.Introspect.get(operation)  # only reads its description; nothing runs, no thread starts

__all__ = ["Image", "ImageCms", "ImageOps", "kreuzberg", "pillow_heif", "plan", "pypdfium2", "pyvips"]
