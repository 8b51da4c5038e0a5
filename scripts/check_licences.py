"""Every distribution that an installation of filemill brings has a licence that fits Apache-2.0, or a stated reason.

Reads `requirements/filemill.lock` and what is installed, and `web/package-lock.json` for what is built into the console.
A copyleft licence that reaches into our code (GPL, AGPL) fails,
and so does one nobody has looked at: add it to the list below after reading it, never before.
"""

import json
import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, files, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "filemill.lock"
CONSOLE_LOCK = ROOT / "web" / "package-lock.json"

FITTING = frozenset(
    ["0bsd", "apache-2.0", "blueoak-1.0.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cnri-python", "isc", "mit", "mit-0",
     "mit-cmu", "mpl-2.0", "psf-2.0", "unlicense", "zlib"]
)  # fmt: skip
"""SPDX names. MPL-2.0 is copyleft by file: it stays with the library's own files."""

SAME_AS = {
    "3-clause bsd license": "bsd-3-clause", "bsd license": "bsd-3-clause", "mit license": "mit", "isc license": "isc",
    "isc license (iscl)": "isc", "apache software license": "apache-2.0", "apache 2.0": "apache-2.0",
    "bsd": "bsd-3-clause", "new bsd": "bsd-3-clause",
    "mozilla public license 2.0 (mpl 2.0)": "mpl-2.0",
}  # fmt: skip
"""How older packages write it."""

EXCEPTIONS = {
    "combine-errors": "MIT, said only in its readme; of tus-js-client's part for Node, which is not in the page",
    "opencv-python-headless": "Apache-2.0; its wheel carries FFmpeg (LGPL-2.1-or-later) as shared libraries, which we "
    "never call: OpenCV gets arrays of pixels and opens no file",
    "pillow-heif": "BSD-3-Clause; its wheel carries libx265 (GPL-2.0-or-later), an encoder that we never call: HEIC is only "
    "read. We redistribute no wheel; whoever ships an image with it must offer the source of x265 beside it",
    "pypdfium2": "BSD-3-Clause and Apache-2.0, with a list of the licences of PDFium's parts, all permissive",
    "python-dateutil": "Apache-2.0 or BSD-3-Clause at one's choice; its field says only 'Dual License'",
    "python-stdnum": "LGPL-2.1-or-later: used as a library of its own, unchanged, replaceable by the user",
    "shapely": "BSD-3-Clause; its wheel carries GEOS (LGPL-2.1-or-later) as a shared library of its own. It comes with "
    "rapidocr; we do not load it",
    "resvg-py": "MIT, said only in its LICENSE file; resvg itself, inside it, is Apache-2.0 or MIT",
    "pyvips-binary": "LGPL-3.0-or-later: libvips as a shared library of its own, unchanged, replaceable by the user",
}
"""Read by a person; the reason says why it may stay."""

_BUNDLED = re.compile(r"^License: *((?:A?GPL).*)$", re.MULTILINE)
_LINE = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def main() -> int:
    problems, seen = [], 0
    for name, _version in sorted(set(_LINE.findall(LOCK.read_text(encoding="utf-8")))):
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue  # a marker keeps it off this machine; where it is installed it is looked at
        seen += 1
        if name in EXCEPTIONS:
            continue
        said = licence_of(about)
        if not fits(said):
            problems.append(f"{name}: {said or 'says nothing about its licence'}")
        problems += [f"{name}: its wheel carries a part under {part}" for part in bundled_copyleft(name)]
    problems += of_console(json.loads(CONSOLE_LOCK.read_text(encoding="utf-8")))
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if not seen:
        print("error: nothing of the lock is installed here", file=sys.stderr)
        return 1
    return 1 if problems else 0


def of_console(lock: dict[str, Any]) -> list[str]:
    """What does not fit among the packages that the page is built of; those it is only built with stay where it is built."""
    said = {
        path.rpartition("node_modules/")[2]: about.get("license", "")
        for path, about in lock["packages"].items()
        if path and not about.get("dev")
    }
    return [
        f"{name}: {one or 'says nothing about its licence'}"
        for name, one in said.items()
        if not fits(one) and name not in EXCEPTIONS
    ]


def licence_of(about: PackageMetadata) -> str:
    """What a distribution says of its licence: the SPDX expression, else the old field, else its classifiers."""
    for field in ("License-Expression", "License"):
        said = (about.get(field) or "").strip()
        if said:
            return said.splitlines()[0]
    classifiers = about.get_all("Classifier") or []
    return " OR ".join(one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::"))


def bundled_copyleft(name: str) -> list[str]:
    """Licences of shared libraries inside a wheel that reach into what uses them, as its own list names them."""
    found = []
    for file in files(name) or ():
        if "licen" in file.name.lower() and file.locate().is_file():
            text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
            found += [line for line in _BUNDLED.findall(text) if "exception" not in line.lower()]
    return sorted(set(found))


def fits(said: str) -> bool:
    """Whether an SPDX expression (or an older form) can be met with fitting licences only."""
    text = said.strip().lower()
    if SAME_AS.get(text, text) in FITTING:
        return True
    text = re.sub(r"[()]", " ", text)
    parts = re.split(r"\s+and\s+", text)
    if parts == [text]:
        choices = re.split(r"\s+or\s+", text)
        return len(choices) > 1 and any(fits(choice) for choice in choices)
    return all(fits(part) for part in parts)


if __name__ == "__main__":
    sys.exit(main())
