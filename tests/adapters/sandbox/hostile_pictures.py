"""Small hostile pictures, PNG, JPEG, GIF, TIFF, each made here by a few lines: floods of pixels, loops, bombs, lies."""

import struct
import zlib

from .hostile_picture_cases import HUGE, case, saved


@case("a.gif")
def gif_broken_off_in_its_second_frame() -> bytes:
    return saved("GIF").removesuffix(b";") + b"," + bytes(4) + b"\x40\0\x30\0\0"


# PNG


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(header: bytes, *chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def grey_header(width_px: int, height_px: int, bits: int = 8) -> bytes:
    return struct.pack(">IIBBBBB", width_px, height_px, bits, 0, 0, 0, 0)


def zeros(count: int) -> bytes:
    """So many zeros, deflated."""
    packer, block = zlib.compressobj(1), bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count % (1 << 20))), packer.flush()])


@case("flood.png")
def png_of_3_6_gigapixels() -> bytes:
    """Whole and valid: every row is there."""
    return png(grey_header(HUGE, HUGE, 1), chunk(b"IDAT", zeros((HUGE // 8 + 1) * HUGE)))


@case("flood.png")
def png_of_900_megapixels() -> bytes:
    return png(grey_header(30_000, 30_000), chunk(b"IDAT", zlib.compress(bytes(1000))))


@case("thin.png")
def png_of_one_row() -> bytes:
    return png(grey_header(2_000_000_000, 1, 1), chunk(b"IDAT", zlib.compress(bytes(1000))))


@case("nothing.png")
def png_without_size() -> bytes:
    return png(grey_header(0, 0), chunk(b"IDAT", zlib.compress(b"")))


@case("words.png")
def png_with_a_text_bomb() -> bytes:
    """Megabytes of comment in kilobytes."""
    comment = chunk(b"zTXt", b"Comment\0\0" + zeros(300 << 20))
    return png(grey_header(8, 8), comment, chunk(b"IDAT", zlib.compress(bytes(9 * 8))))


@case("words.png")
def png_with_100_000_comments() -> bytes:
    comments = chunk(b"tEXt", b"Comment\0words") * 100_000
    return png(grey_header(8, 8), comments, chunk(b"IDAT", zlib.compress(bytes(9 * 8))))


@case("profile.png")
def png_with_a_profile_bomb() -> bytes:
    profile = chunk(b"iCCP", b"profile\0\0" + zeros(300 << 20))
    return png(grey_header(8, 8), profile, chunk(b"IDAT", zlib.compress(bytes(9 * 8))))


@case("frames.png")
def png_of_a_billion_frames() -> bytes:
    control = chunk(b"acTL", struct.pack(">II", 1_000_000_000, 0))
    return png(grey_header(8, 8), control, chunk(b"IDAT", zlib.compress(bytes(9 * 8))))


@case("short.png")
def png_with_zero_length_parts() -> bytes:
    return png(grey_header(8, 8), *[chunk(b"IDAT", b"")] * 10_000)


# JPEG


def resized_jpeg(width_px: int, height_px: int, **options: object) -> bytes:
    """A small JPEG whose header says that it is large."""
    content = bytearray(saved("JPEG", **options))
    marker = b"\xff\xc2" if options.get("progressive") else b"\xff\xc0"
    at = content.index(marker) + 5
    content[at : at + 4] = struct.pack(">HH", height_px, width_px)
    return bytes(content)


@case("flood.jpg")
def jpeg_of_4_gigapixels() -> bytes:
    return resized_jpeg(65_500, 65_500)


@case("flood.jpg")
def jpeg_just_below_the_limit() -> bytes:
    """The decoder goes on over 240 megapixels of nothing."""
    return resized_jpeg(15_490, 15_490)


@case("scans.jpg")
def jpeg_of_3000_scans() -> bytes:
    """Each scan of a progressive picture goes over all of it again."""
    content = resized_jpeg(4000, 4000, progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * 3000 + b"\xff\xd9"


@case("segments.jpg")
def jpeg_of_20_000_segments() -> bytes:
    whole = saved("JPEG")
    return whole[:2] + b"\xff\xe5\x00\x40" * 1 + bytes(62) + (b"\xff\xe5\x00\x40" + bytes(62)) * 20_000 + whole[2:]


@case("loop.jpg")
def jpeg_with_an_exif_loop() -> bytes:
    """The directory of its camera data names itself as the next."""
    directory = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1)
    directory += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    body = b"Exif\0\0" + directory
    whole = saved("JPEG")
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + whole[2:]


# GIF


def gif_head(width_px: int, height_px: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width_px, height_px, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"


GIF_FRAME = b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"


@case("flood.gif")
def gif_of_4_gigapixels() -> bytes:
    return gif_head(65_535, 65_535) + GIF_FRAME + b";"


@case("frames.gif")
def gif_of_100_000_frames() -> bytes:
    return gif_head(1, 1) + GIF_FRAME * 100_000 + b";"


@case("frames.gif")
def gif_of_5000_large_frames() -> bytes:
    """A few bytes a frame, a canvas that is painted anew for each."""
    return gif_head(4000, 4000) + GIF_FRAME * 5000 + b";"


@case("endless.gif")
def gif_without_an_end() -> bytes:
    return gif_head(8, 8) + b"\x21\xfe" + (b"\xff" + b"x" * 255) * 20_000


# TIFF


def tiff(entries: list[tuple[int, int, int, int]], next_at: int = 0, after: bytes = b"") -> bytes:
    """A TIFF of one directory; entries are (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + struct.pack("<I", next_at) + after


def grey_tiff(width_px: int, height_px: int, next_at: int = 0) -> bytes:
    entries = [
        (256, 4, 1, width_px), (257, 4, 1, height_px), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, height_px), (279, 4, 1, 64),
    ]  # fmt: skip
    made = tiff(entries, next_at)
    return made + bytes(200 - len(made) + 64)


@case("flood.tif")
def tiff_of_3_6_gigapixels() -> bytes:
    return grey_tiff(HUGE, HUGE)


@case("loop.tif")
def tiff_whose_directory_is_its_own_next() -> bytes:
    return grey_tiff(8, 8, next_at=8)


@case("pages.tif")
def tiff_of_10_000_pages() -> bytes:
    first = grey_tiff(8, 8, next_at=264)
    parts, at = [first], 264
    for number in range(10_000):
        entries = [
            (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 200),
            (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64),
        ]  # fmt: skip
        size = 2 + 12 * len(entries) + 4
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        after = 0 if number == 9_999 else at + size
        parts.append(struct.pack("<H", len(entries)) + body + struct.pack("<I", after))
        at += size
    return b"".join(parts)


@case("strips.tif")
def tiff_of_a_billion_strips() -> bytes:
    entries = [
        (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1_000_000_000, 8),
        (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1_000_000_000, 8),
    ]  # fmt: skip
    return tiff(entries, after=bytes(64))


@case("entries.tif")
def tiff_of_65_535_entries() -> bytes:
    return tiff([(40_000 + at % 20_000, 7, 0xFFFFFFF0, 8) for at in range(65_535)])


# the others
