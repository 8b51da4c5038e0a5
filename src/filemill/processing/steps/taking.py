"""Taking parts out of a file into the work folder, within bounds, whatever the file says about itself.

A part becomes a plain file of our own name; what it was called inside is told, and never used as a path. What is not wanted
is passed over. On failure: `NotTaken` ends all of it, and nothing is kept; a part that is too large is told as such.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from filemill.processing.steps.shapes import checked, strict

STEP = "unpack"
TOO_LARGE = "file-too-large"


@strict
class Part(TypedDict):
    """A part: `file` is its name in the work folder, None if it is not taken, and then `code` and `detail` say why."""

    number: int
    path: str
    content_type: str | None
    file: str | None
    size_bytes: int
    code: str | None
    detail: str | None


@strict
class Taken(TypedDict):
    """What was taken. `left_out` counts parts beyond the bound, links and devices. `code`: why nothing was."""

    parts: list[Part]
    left_out: int
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most of one run: parts, bytes of one part, bytes of all."""

    parts: int
    part_bytes: int
    total_bytes: int


class NotTaken(Exception):
    """Nothing is taken, for a reason that a user understands; trying again gives the same."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def check(raw: dict[str, Any]) -> Taken:
    """Return the result if it has exactly the shape above. Raises pydantic's ValidationError."""
    return checked(Taken, raw)


class Taking:
    """One run of it. `wanted`: paths as `archive_list` shows them; None for all."""

    def __init__(
        self, work_dir: Path, bounds: Bounds, wanted: Iterable[str] | None, report: Callable[[dict[str, Any]], None]
    ) -> None:
        self._work_dir = work_dir
        self._bounds = bounds
        self._wanted = None if wanted is None else set(wanted)
        self._found: set[str] = set()
        self._report = report
        self._percent = -1
        self._total_bytes = 0
        self.parts: list[Part] = []
        self.left_out = 0

    @property
    def is_full(self) -> bool:
        """Whether no further part may be taken."""
        return len(self.parts) >= self._bounds.parts

    def wants(self, path: str) -> bool:
        """Whether this one is asked for. Raises `NotTaken` if it would be one too many."""
        if self._wanted is not None:
            if path not in self._wanted:
                return False
            self._found.add(path)
        if self.is_full:
            most = self._bounds.parts
            raise NotTaken(
                "too-many-entries", f"At most {most} entries are unpacked at once; name those that are wanted."
            )
        return True

    def take(self, number: int, path: str, content_type: str | None, pieces: Iterable[bytes]) -> None:
        """Write one part. Raises `NotTaken` if all of them are too large together."""
        name = f"part-{number}"
        target, size_bytes = self._work_dir / name, 0
        with target.open("xb") as file:
            for piece in pieces:
                size_bytes += len(piece)
                self._total_bytes += len(piece)
                if self._total_bytes > self._bounds.total_bytes:
                    most = self._bounds.total_bytes
                    raise NotTaken(
                        "unpacks-too-large", f"It unpacks to more than {most} bytes (FILEMILL_UNPACK_MOST_BYTES)."
                    )
                if size_bytes > self._bounds.part_bytes:
                    break
                file.write(piece)
        if size_bytes > self._bounds.part_bytes:
            target.unlink()
            self.refuse(number, path, size_bytes)
            return
        self.parts.append(
            {"number": number, "path": path, "content_type": content_type, "file": name, "size_bytes": size_bytes,
             "code": None, "detail": None}
        )  # fmt: skip

    def refuse(self, number: int, path: str, size_bytes: int) -> None:
        """Tell of a part that is too large, without its bytes."""
        detail = (
            f"A file may have {self._bounds.part_bytes} bytes (FILEMILL_MAX_FILE_BYTES, FILEMILL_UNPACK_MOST_BYTES)."
        )
        self.parts.append(
            {"number": number, "path": path, "content_type": None, "file": None, "size_bytes": size_bytes,
             "code": TOO_LARGE, "detail": detail}
        )  # fmt: skip

    def fits(self, size_bytes: int) -> bool:
        """Whether a part that says to have this size is worth unpacking."""
        return size_bytes <= self._bounds.part_bytes

    def tell(self, share: float) -> None:
        """Say how far it is, 0 to 1; whole percents, each once. Storing what was taken is the rest of the work."""
        percent = min(80, max(0, int(share * 80)))
        if percent > self._percent:
            self._percent = percent
            self._report({"step": STEP, "state": "started", "percent": percent})

    def result(self) -> Taken:
        """What was taken. Raises `NotTaken` if something that was asked for is not there."""
        missing = sorted((self._wanted or set()) - self._found)
        if missing:
            raise NotTaken("no-such-entry", f"There is no {missing[0][:200]!r} in it that can be unpacked.")
        return {"parts": self.parts, "left_out": self.left_out, "code": None, "detail": None}
