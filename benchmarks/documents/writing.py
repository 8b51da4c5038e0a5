"""Documents from templates: slots filled with invented facts, one of several wordings chosen, and noise.

A template is a section `=== LANGUAGE NUMBER` of `FOLDER/CLASS.txt`; `{slot}` is a fact (see `facts.SLOTS`), `[a|b]` one of
two wordings. A document knows what is to be found in it. Noise of letters spares the facts, so that what is to be found
can be found; a scan (see `scans`) spares nothing. A slot that does not exist raises `KeyError`.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from documents.facts import Facts, Language, Part

HERE = Path(__file__).parent
CLASSES = ("invoice", "receipt", "letter", "e-mail", "report", "contract", "resume", "form")
NONE = "none"
"""Texts of no class: recipes, stories, instructions."""
Noise = Literal["clean", "layout", "typing"]
NOISES: tuple[Noise, ...] = get_args(Noise)
TYPING_SHARE = 0.015  # of the letters outside facts
_FILES = {"e-mail": "email", NONE: "other"}
_SECTION = re.compile(r"^=== (en|de|fr) (\d+)\n", re.MULTILINE)
_CHOICE = re.compile(r"\[([^\[\]|\n]+(?:\|[^\[\]|\n]+)+)\]")
_SLOT = re.compile(r"\{([a-z]+\d?)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One template; `name` says where it stands."""

    document_class: str
    language: Language
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A written document; `truths` are the (kind, value) pairs that a reader should find in it."""

    template: Template
    noise: str
    text: str
    truths: frozenset[tuple[str, str]]


def templates(part: Part) -> Iterator[Template]:
    """Yield every template of a folder, class by class."""
    for document_class in (*CLASSES, NONE):
        name = _FILES.get(document_class, document_class)
        pieces = _SECTION.split((HERE / part / f"{name}.txt").read_text(encoding="utf-8"))
        for language, number, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            yield Template(document_class, language, f"{part}/{name} {language} {number}", text.strip("\n"))  # type: ignore[arg-type]


def write(template: Template, seed: str, part: Part, noise: Noise) -> Document:
    """Write one document; the same seed gives the same."""
    dice = random.Random(f"{template.name} {seed}")
    facts = Facts(dice, template.language, part)
    wording = _CHOICE.sub(lambda match: dice.choice(match[1].split("|")), template.text)
    pieces: list[str] = []
    truths: set[tuple[str, str]] = set()
    at = 0
    for match in _SLOT.finditer(wording):
        fact = facts.of(match[1])
        pieces += [_noisy(wording[at : match.start()], dice, noise), fact.written]
        truths |= {(kind, fact.value or fact.written) for kind in fact.kinds}
        at = match.end()
    pieces.append(_noisy(wording[at:], dice, noise))
    text = "".join(pieces)
    return Document(template, noise, _laid_out(text, dice) if noise == "layout" else text, frozenset(truths))


def _noisy(words: str, dice: random.Random, noise: Noise) -> str:
    """Swap, double or drop a letter here and there."""
    if noise != "typing":
        return words
    letters = list(words)
    for at, letter in enumerate(letters):
        if letter.isalpha() and dice.random() < TYPING_SHARE:
            letters[at] = dice.choice(["", letter * 2, letter.swapcase(), dice.choice("aeinrst")])
    return "".join(letters)


def _laid_out(text: str, dice: random.Random) -> str:
    """As extractors give text: columns collapsed or widened, lines indented, page heads and feet around it."""
    style = dice.randrange(3)
    if style == 0:
        text = re.sub(r"[ ]{2,}", " ", text)
    elif style == 1:
        text = "\n".join(" " * dice.randint(0, 4) + line for line in text.split("\n"))
    else:
        text = re.sub(r"\n{2,}", "\n", text)
    head = dice.choice(["", "Page 1/1\n\n", "- 1 -\n", "COPY\n\n", "DRAFT 0.3 | internal\n"])
    return f"{head}{text}\n{dice.choice(['', '1', 'Seite 1 von 1', 'p. 1'])}".rstrip()
