"""Small hostile archives: too many entries, too many bytes, names that leave them, nothing."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile

from .hostile_cases import case, zipped


def directory_of(names: list[bytes], *, claimed_bytes: int = 1) -> bytes:
    """Return a ZIP of one member that its directory lists under many names."""
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 1, 1, 1, 0) + b"xx"
    sizes = struct.pack("<II", claimed_bytes, claimed_bytes)
    entries = b"".join(
        b"PK\1\2\x14\0\x14\0" + bytes(12) + sizes + struct.pack("<H16x", len(name)) + name for name in names
    )
    count = len(names)
    at = len(local)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(entries), at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + len(entries), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + entries + end64 + locator + end


@case("a.zip")
def zip_of_a_million_entries() -> bytes:
    return directory_of([b"f%d" % number for number in range(1_000_000)])


@case("a.docx")
def docx_of_a_million_entries() -> bytes:
    return directory_of([b"word/document.xml", *(b"f%d" % number for number in range(1_000_000))])


@case("a.zip")
def zip_of_overlapping_terabytes() -> bytes:
    return directory_of([b"f%d" % number for number in range(1000)], claimed_bytes=0xFFFFFFFE)


@case("a.zip")
def zip_in_zip_in_zip() -> bytes:
    content = b"the core"
    for _ in range(50):
        content = zipped({"next.zip": content})
    return content


@case("a.zip")
def zip_with_a_link_and_names_that_leave_it() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../../../tmp/filemill-slipped", "x")
        archive.writestr("C:\\windows\\filemill-slipped", "x")
    return buffer.getvalue()


@case("a.zip")
def zip_of_nothing() -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)


@case("a.zip")
def zip_whose_directory_is_noise() -> bytes:
    whole = zipped({f"f{number}": b"x" * 100 for number in range(50)})
    at = whole.index(b"PK\1\2")
    return whole[:at] + bytes((byte * 7 + 3) % 256 for byte in whole[at:-22]) + whole[-22:]


@case("a.tar")
def tar_of_300_000_entries() -> bytes:
    return tarfile.TarInfo("again").tobuf() * 300_000 + bytes(1024)


@case("a.tar")
def tar_with_links_and_devices() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "../../dev")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    return buffer.getvalue()


@case("a.tar.gz")
def tar_gz_of_4_gigabytes() -> bytes:
    member = tarfile.TarInfo("zeros")
    member.size = 4 << 30
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        file.write(member.tobuf())
        for _ in range(64):
            file.write(bytes(1 << 20))
    return packed.getvalue()


@case("a.tar.xz")
def tar_xz_with_a_name_of_gigabytes() -> bytes:
    """The header of a long name says how long the name is; it is read whole into memory."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 3 << 30
    packer = lzma.LZMACompressor()
    parts = [packer.compress(member.tobuf())]
    parts += [packer.compress(b"n" * (1 << 20)) for _ in range(300)]
    return b"".join([*parts, packer.flush()])


@case("a.gz")
def gz_of_gz_of_gz() -> bytes:
    content = bytes(64 << 20)
    for _ in range(3):
        content = gzip.compress(content, 9)
    return content


@case("a.xz")
def xz_of_zeros() -> bytes:
    return lzma.compress(bytes(256 << 20), preset=1)


@case("a.bz2")
def bz2_of_zeros() -> bytes:
    return bz2.compress(bytes(64 << 20))
