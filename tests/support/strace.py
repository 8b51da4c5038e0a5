"""Reads a trace of system calls (`strace -f -y`): which file was written, synced, renamed, in which order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,write,writev,sendto,sendmsg,pwrite64,pwritev"
)
SYNCS = frozenset({"fsync", "fdatasync"})
WRITES = frozenset({"write", "writev", "pwrite64", "pwritev"})

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
_FD_PATH = re.compile(r"^\d+<([^>]*)>")
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One successful call. `began` and `ended` are line numbers; `paths` what it was about; `text` all its arguments."""

    name: str
    began: int
    ended: int
    paths: tuple[str, ...]
    text: str


def read_trace(path: Path) -> list[Call]:
    """Every successful call of a trace, in order of its end."""
    return sorted(_calls(path.read_text(encoding="utf-8", errors="replace").splitlines()), key=lambda call: call.ended)


def _calls(lines: list[str]) -> Iterator[Call]:
    unfinished: dict[str, tuple[int, str, str]] = {}
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            continue
        thread, resumed, name, rest = match.groups()
        if name and rest.endswith("<unfinished ...>"):
            unfinished[thread] = number, name, rest
            continue
        began, text = number, rest
        if resumed:
            if thread not in unfinished:
                continue
            began, name, first = unfinished.pop(thread)
            text = first + rest
        if " = -1 " not in text:
            fd_path = _FD_PATH.match(text)
            paths = (fd_path[1],) if fd_path else tuple(_QUOTED.findall(text))
            yield Call(name, began, number, paths, text)
