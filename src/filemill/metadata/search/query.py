"""A search as people type it: words, "phrases", prefix*, -not. Anything else is just words; no text is a syntax error."""

import re
from dataclasses import dataclass

from filemill.metadata.search.words import words

QUERY_MOST_CHARACTERS = 1_000
TERMS_MOST = 32

_PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One or more words that must stand side by side. `prefix`: the last word may go on. `without`: must not be there."""

    words: tuple[str, ...]
    prefix: bool = False
    without: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """Exact conditions beside the words. `since` and `until` are document keys."""

    owner_id: str
    kind: str | None = None
    tag: str | None = None
    status: str | None = None
    since: int | None = None
    until: int | None = None


def parse(text: str) -> list[Term]:
    """The terms of a query; a query of only `-not` terms, or of no words, gives none that can be found."""
    terms = []
    for minus, quoted, bare in _PART.findall(text[:QUERY_MOST_CHARACTERS]):
        without = bool(minus) or (not quoted and bare.startswith("-") and len(bare) > 1)
        found = tuple(words(quoted or bare))
        if found:
            terms.append(Term(found, prefix=bare.endswith("*"), without=without))
    return terms[:TERMS_MOST]


def positive(terms: list[Term]) -> list[Term]:
    """The terms that must be there."""
    return [term for term in terms if not term.without]
