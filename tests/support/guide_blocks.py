"""The commands in the documents: each block of them says, in a comment before it, whether a test runs it, and if not, why.

<!-- run -->                on a mill as it comes
<!-- run with keys -->      on one that asks for credentials, as `ann`
<!-- not run: WHY -->

The chapters of the course are not among them: a test of their own runs each of their blocks `sh`, one chapter after the other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if not path.match("course/[0-9]*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
)
SHELLS = frozenset({"sh", "bash", "console"})
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>(?:not )?run[^\n]*) -->\n\n?)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_ID = re.compile(r"\b01a[0-9a-f]{2,5}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b01a[0-9a-f]+…")
_STARTS = re.compile(r"^(\w+=\S+ )?filemill up$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """Commands, as they stand in a document."""

    path: Path
    line: int
    kind: str
    text: str
    mark: str | None

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    def script(self) -> str:
        """What a shell is to do. Of a session only what was typed; what it answered with an error must fail."""
        if self.kind != "console":
            return _STARTS.sub("", self.text)  # the mill of the test is up
        steps = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        typed = [step.split("\n", 1) for step in steps]
        return "\n".join(f"! {line}" if rest.startswith("error:") else line for line, rest in typed)


def blocks() -> Iterator[Block]:
    """Every block of commands of every document."""
    for path in DOCUMENTS:
        said = path.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(said):
            if found["kind"] in SHELLS:
                line = said.count("\n", 0, found.start("kind")) + 1
                yield Block(path, line, found["kind"], found["text"], found["mark"])


def with_ids(script: str, file_id: str) -> str:
    """Ids of files in an example are those of whoever wrote it; here they are of a file that is there."""
    return _ID.sub(file_id, script)
