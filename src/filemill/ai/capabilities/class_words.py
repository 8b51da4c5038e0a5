"""The word cues of document classes, read from `class_words.toml` beside this file.

Not for the shape of a text (see `class_features`). A file that does not parse fails at import: it is ours.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Where = Literal["top", "anywhere", "heading", "line", "title"]
# In the words, not in sets of letters: `[äöü]` says itself what it stands for.
_ACCENTS = {
    "é": "e",
    "è": "e",
    "ê": "e",
    "à": "a",
    "â": "a",
    "ô": "o",
    "û": "u",
    "ç": "c",
    "ä": "a",
    "ö": "o",
    "ü": "u",
}
_WITH_OR_WITHOUT_ACCENT = {ord(letter): f"(?:{letter}|{plain})" for letter, plain in _ACCENTS.items()}
LOOSE = frozenset({"anywhere", "top"})
TOP_CHARACTERS = 600  # where documents say what they are


@dataclass(frozen=True, slots=True)
class WordCue:
    """A pattern whose presence gives `points` to a class; it counts once. `why` finishes "it ...", `placed` as in `Points`."""

    document_class: str
    points: float
    where: Where
    why: str
    pattern: re.Pattern[str]
    placed: bool


def _read() -> Iterator[WordCue]:
    raw = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    for cue in raw["cue"]:
        words = rf"(?:{'|'.join(cue['words'])})".translate(_WITH_OR_WITHOUT_ACCENT)
        if cue["where"] in {"heading", "title"}:
            framed = rf"^[ \t]*(?:\d{{1,2}}\.?[ \t]+)?{words}[ \t]*:?[ \t]*\r?$"
        elif cue["where"] == "line":
            framed = rf"^[ \t]*{words}"
        else:
            framed = rf"\b{words}" + (r"\b" if cue.get("whole") else "")
        placed = bool(cue.get("placed", cue["where"] not in LOOSE))
        pattern = re.compile(framed, re.IGNORECASE | re.MULTILINE)
        yield WordCue(cue["class"], float(cue["points"]), cue["where"], cue["why"], pattern, placed)


WORD_CUES: tuple[WordCue, ...] = tuple(_read())
