"""Small hostile pictures of rarer kinds: WebP, BMP, PSD, ICO, TGA, PPM, AVIF, HEIC, JPEG 2000; and no picture at all."""

import struct

from .hostile_picture_cases import HUGE, case, saved
from .hostile_pictures import png_of_900_megapixels


@case("flood.webp")
def webp_of_268_megapixels() -> bytes:
    """The largest canvas the format knows, with nothing on it."""
    extended = struct.pack("<I", 0x02) + b"\xff\x3f\0" + b"\xff\x3f\0"
    parts = b"VP8X" + struct.pack("<I", len(extended)) + extended
    parts += b"ANIM" + struct.pack("<IIH", 6, 0, 0) + b"ANMF" + struct.pack("<I", 16) + bytes(16)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


@case("sizes.webp")
def webp_whose_parts_are_longer_than_it() -> bytes:
    content = bytearray(saved("WEBP"))
    content[16:20] = b"\xff\xff\xff\x7f"
    return bytes(content)


def bmp(width_px: int, height_px: int, bits: int = 24, packing: int = 0, body: bytes = b"") -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width_px, height_px, 1, bits, packing, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body


@case("flood.bmp")
def bmp_of_3_6_gigapixels() -> bytes:
    return bmp(HUGE, -HUGE)


@case("negative.bmp")
def bmp_of_negative_width() -> bytes:
    return bmp(-8, 8, body=bytes(200))


@case("runs.bmp")
def bmp_of_endless_runs() -> bytes:
    return bmp(9000, 9000, bits=8, packing=1, body=b"\xff\x01" * 300_000)


@case("flood.psd")
def psd_of_90_gigapixels() -> bytes:
    return b"8BPS" + struct.pack(">H6xHIIHH", 2, 56, 300_000, 300_000, 8, 3) + bytes(64)


@case("layers.psd")
def psd_of_32_767_layers() -> bytes:
    layers = struct.pack(">h", 32_767) + bytes(400)
    section = struct.pack(">I", len(layers)) + layers
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 64, 64, 8, 3) + struct.pack(">II", 0, 0)
    return head + struct.pack(">I", len(section)) + section + bytes(2 + 64 * 64 * 3)


@case("entries.ico")
def ico_of_65_535_pictures() -> bytes:
    return struct.pack("<HHH", 0, 1, 65_535) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 0x7FFFFFFF, 22) * 65_535


@case("flood.ico")
def ico_with_a_flood_inside() -> bytes:
    inner = png_of_900_megapixels()
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inner), 22) + inner


@case("flood.tga")
def tga_of_4_gigapixels() -> bytes:
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 65_535, 65_535, 24, 0) + b"\xff\0\0\0" * 1000


@case("flood.ppm")
def ppm_of_nearly_no_end() -> bytes:
    return b"P6\n999999999 999999999\n255\n" + bytes(100)


@case("words.ppm")
def ppm_of_one_endless_number() -> bytes:
    return b"P2\n" + b"9" * 5_000_000


def patched(kind: str, name: bytes, offset: int, new: bytes) -> bytes:
    """A good picture, with bytes changed so far behind a name in it."""
    content = bytearray(saved(kind))
    at = content.index(name) + offset
    content[at : at + len(new)] = new
    return bytes(content)


@case("flood.avif")
def avif_that_says_4_gigapixels() -> bytes:
    return patched("AVIF", b"ispe", 8, struct.pack(">II", 65_535, 65_535))


@case("no_item.avif")
def avif_whose_item_has_no_bytes() -> bytes:
    """Found by a fuzz: the decoder's own error came through."""
    return patched("AVIF", b"iloc", 22, bytes(4))


@case("boxes.avif")
def avif_whose_box_is_longer_than_it() -> bytes:
    return patched("AVIF", b"meta", -4, b"\x7f\xff\xff\xff")


@case("flood.heic")
def heic_that_says_4_gigapixels() -> bytes:
    return patched("HEIF", b"ispe", 8, struct.pack(">II", 65_535, 65_535))


@case("flood.jp2")
def jp2_of_4_gigapixels() -> bytes:
    return patched("JPEG2000", b"\xff\x51", 6, struct.pack(">II", 65_535, 65_535))


@case("tiles.jp2")
def jp2_of_tiles_of_one_pixel() -> bytes:
    """Millions of tiles, each with tables of its own."""
    content = bytearray(patched("JPEG2000", b"\xff\x51", 6, struct.pack(">II", 5000, 5000)))
    at = content.index(b"\xff\x51") + 22
    content[at : at + 8] = struct.pack(">II", 1, 1)
    return bytes(content)


@case("words.png")
def words_that_say_they_are_a_picture() -> bytes:
    return b"These are words. " * 100


@case("page.jpg")
def page_that_says_it_is_a_picture() -> bytes:
    return b"<html><body><img src='http://canary.invalid/a.png'></body></html>"


@case("only-a-head.jpg")
def jpeg_of_three_bytes() -> bytes:
    return b"\xff\xd8\xff"
