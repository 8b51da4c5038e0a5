"""How much a document is about each of its words: worked out once, when it is indexed, and added up when it is searched for.

A word's impact is its weight in each field it stands in, worth less the more often it has been counted and the longer the field
is (BM25's saturation, Robertson and Zaragoza 2009, with a fixed length to compare with, so that an entry does not depend on
others). Kept as one line of text beside the index, the same on every engine, so the order of answers is the same too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from filemill.metadata.search.query import Term, alternatives, positive
from filemill.metadata.search.stemming import stem

WEIGHTS = {"title": 8.0, "name": 6.0, "tags": 6.0, "findings": 2.0, "text": 1.0}
USUAL_LENGTH = {"title": 6, "name": 4, "tags": 3, "findings": 60, "text": 300}
"""In words: longer fields say less with each."""
SATURATION, LENGTH_MATTERS = 1.2, 0.6
SCALE = 100
ENTRIES_MOST = 400
"""Of one document: those of the highest impact. All others count as the least of its text."""
FORM_SHARE = 0.9
"""What another form of a word is worth, beside the word itself."""
SIDE_SHARE = 0.2
"""What a word is worth that need not be there."""
ABOUT_TIMES = 3
ABOUT_MOST = 300
HEAD = ("title", "name", "tags")


@dataclass(frozen=True, slots=True)
class Weighed:
    """`stems`: those that are not words of the document. `about`: the words and stems it is about. `impacts`: the line."""

    stems: list[str]
    about: list[str]
    impacts: str


def weigh(fields: Mapping[str, Sequence[str]], languages: Sequence[str]) -> Weighed:
    """The stems, subjects and impacts of a document's words."""
    impacts: dict[str, float] = {}
    by_stem: dict[str, float] = {}
    about: dict[str, None] = {}
    seen: Counter[str] = Counter()
    least = 0.0
    for name in (*HEAD, "findings", "text"):
        found = fields.get(name, ())
        if not found:
            continue
        weight = WEIGHTS[name] * SCALE
        base = SATURATION * (1 - LENGTH_MATTERS + LENGTH_MATTERS * len(found) / USUAL_LENGTH[name])
        least = weight / (1 + base)
        counted = Counter(found)
        for word, times in counted.items():
            value = weight * times / (times + base)
            impacts[word] = impacts.get(word, 0.0) + value
        if name in HEAD:
            about.update(dict.fromkeys(counted))
        else:
            seen.update(counted)
    about.update(dict.fromkeys(word for word, times in seen.items() if times >= ABOUT_TIMES))
    subjects = dict.fromkeys(list(about)[:ABOUT_MOST])
    for word, value in impacts.items():
        for language in languages:
            found_stem = stem(word, language)
            if found_stem is None or found_stem == word:
                continue
            by_stem[found_stem] = max(by_stem.get(found_stem, 0.0), value)
            if word in about and len(subjects) < 2 * ABOUT_MOST:
                subjects[found_stem] = None
    return Weighed(list(by_stem), list(subjects), _line(impacts, by_stem, least))


def _line(impacts: dict[str, float], by_stem: dict[str, float], least: float) -> str:
    """` least word:impact =stem:impact `: only what is above the least."""
    entries = [(value, word) for word, value in impacts.items() if value > least]
    entries += [(value, f"={name}") for name, value in by_stem.items() if value > max(least, impacts.get(name, 0.0))]
    if len(entries) > ENTRIES_MOST:
        entries = sorted(entries, reverse=True)[:ENTRIES_MOST]
    return f"{least:.1f} " + " ".join(f"{word}:{round(value)}" for value, word in entries) + " "


class Scorer:
    """How well documents answer one query; they are known to match. Made once for a query, asked for each candidate."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = [
            ([_needles(one) for one in alternatives(term)], SIDE_SHARE if term.side else 1.0)
            for term in positive(terms)
        ]

    def score(self, line: str) -> float:
        """Of a document with these impacts. Written out: it is asked thousands of times for one search."""
        least = float(line[: line.index(" ")])
        total = 0.0
        for ways, share in self._terms:
            best = 0.0
            for heads, ends, prefix in ways:
                value = least * FORM_SHARE if share == 1.0 else 0.0
                for needle, length, worth in ends:
                    at = line.find(needle)
                    if at >= 0:
                        at += length
                        here = worth * float(line[at : line.index(" ", at)])
                        if here > value:
                            value = here
                if prefix:
                    value = max(value, _best_beginning(line, prefix))
                for head in heads:
                    value += max(_impact(line, head), least)
                best = max(best, value / (1 + len(heads)))
            total += best * share
        return round(total / SCALE, 4)


def score(line: str, terms: Sequence[Term]) -> float:
    """How well a document with these impacts answers."""
    return Scorer(terms).score(line)


_Needles = tuple[list[str], list[tuple[str, int, float]], str]


def _needles(term: Term) -> _Needles:
    """What to look for in a line: all but the last word, the last in its forms (with length and worth), or its beginning."""
    *head, last = term.words
    heads = [f" {word}:" for word in head]
    if term.prefix:
        return heads, [], f" {last}"
    worths = {f" {last}:": 1.0}
    for found in term.stems:
        for needle in (f" {found}:", f" ={found}:"):
            worths.setdefault(needle, FORM_SHARE)
    return heads, [(needle, len(needle), worth) for needle, worth in worths.items()], ""


def _impact(line: str, needle: str) -> float:
    at = line.find(needle)
    if at < 0:
        return 0.0
    begins = at + len(needle)
    return float(line[begins : line.index(" ", begins)])


def _best_beginning(line: str, needle: str) -> float:
    best, at = 0.0, line.find(needle)
    while at >= 0:
        ends = line.index(" ", at + 1)
        best = max(best, float(line[at:ends].rpartition(":")[2]))
        at = line.find(needle, ends)
    return best
