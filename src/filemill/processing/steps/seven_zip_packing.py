"""How a 7z archive packs: chains of coders, their names, and the settings of those that Python's `lzma` reads."""

import lzma
import struct

from filemill.processing.steps.seven_zip_reader import BadSevenZip as BadSevenZip

COPY, LZMA, LZMA_2, _AES = b"\x00", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"
_SHOWN = {
    COPY: "Copy", LZMA: "LZMA", LZMA_2: "LZMA2", _AES: "AES", b"\x03": "Delta", b"\x04": "BCJ", b"\x03\x03\x01\x03": "BCJ",
    b"\x03\x03\x01\x1b": "BCJ2", b"\x03\x03\x05\x01": "ARM", b"\x03\x04\x01": "PPMd", b"\x04\x01\x08": "Deflate",
    b"\x04\x01\x09": "Deflate64", b"\x04\x02\x02": "BZip2", b"\x04\xf7\x11\x01": "Zstandard", b"\x04\xf7\x11\x02": "Brotli",
}  # fmt: skip


class Folder:
    """A chain of coders; only what is needed to unpack a header or to know sizes."""

    def __init__(self) -> None:
        self.coders: list[tuple[bytes, bytes]] = []
        self.outputs = 0
        self.packed = 1
        self.size_bytes = 0
        self.has_digest = False
        self.stream_sizes: list[int] = []

    @property
    def packing(self) -> str:
        """How its files are packed, in the names that 7-Zip shows."""
        return ", ".join(_SHOWN.get(coder, f"method {coder.hex()}") for coder, _ in self.coders)

    @property
    def encrypted(self) -> bool:
        return any(coder == _AES for coder, _ in self.coders)


def lzma_filter(coder: bytes, properties: bytes, size_bytes: int) -> dict[str, int]:
    """The filter of `lzma` for a coder and its properties. Raises `BadSevenZip` for every other one."""
    # A dictionary larger than what comes out is never used, and a header may claim 4 GiB.
    enough = max(size_bytes, 4096)
    if coder == LZMA and len(properties) == 5:
        packed, dictionary = struct.unpack("<BI", properties)
        sides = {"lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}
        return {"id": lzma.FILTER_LZMA1, "dict_size": min(max(dictionary, 4096), enough), **sides}
    if coder == LZMA_2 and len(properties) == 1:
        dictionary = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
        return {"id": lzma.FILTER_LZMA2, "dict_size": min(max(dictionary, 4096), enough)}
    raise BadSevenZip("the header is packed in a way nobody uses")
