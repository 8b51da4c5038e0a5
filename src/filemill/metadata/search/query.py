"""A search as people type it: words, "phrases", prefix*, -not, this OR that. Anything else is just words.

No text is a syntax error. Conditions on fields (`type:pdf size:>1MB`) are taken out before (`fields`).
"""

import re
from dataclasses import dataclass, replace

from filemill.metadata.search.words import words

QUERY_MOST_CHARACTERS = 1_000
TERMS_MOST = 32
OR = "OR"
"""In capitals it stands between alternatives; in small letters it is a word."""

_PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One or more words that must stand side by side. `prefix`: the last word may go on. `without`: must not be there.

    `others`: any of these will do instead; they have no others of their own.
    """

    words: tuple[str, ...]
    prefix: bool = False
    without: bool = False
    others: tuple["Term", ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Exact conditions beside the words, which all hold. `since` and `until` are document keys, sizes are in bytes."""

    owner_id: str
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    least_bytes: int | None = None
    most_bytes: int | None = None

    @property
    def narrow(self) -> bool:
        """Whether they ask for more than a place in time."""
        return bool(self.kinds or self.tags or self.statuses or self.by_size)

    @property
    def by_size(self) -> bool:
        """Whether they name a size."""
        return self.least_bytes is not None or self.most_bytes is not None

    def fits_size(self, size_bytes: int) -> bool:
        """Whether a file of so many bytes is asked for."""
        return (self.least_bytes or 0) <= size_bytes and (self.most_bytes is None or size_bytes <= self.most_bytes)


def parse(text: str) -> list[Term]:
    """The terms of a query; a query of only `-not` terms, or of no words, gives none that can be found."""
    terms: list[Term] = []
    joins = False
    for minus, quoted, bare in _PART.findall(text[:QUERY_MOST_CHARACTERS])[: 4 * TERMS_MOST]:
        if bare == OR and terms and not terms[-1].without and not joins:
            joins = True
            continue
        without = bool(minus) or (not quoted and bare.startswith("-") and len(bare) > 1)
        found = tuple(words(quoted or bare))
        if not found:
            continue
        term = Term(found, prefix=bare.endswith("*"), without=without)
        if joins and not without:
            terms[-1] = replace(terms[-1], others=(*terms[-1].others, term))
        else:
            terms.append(term)
        joins = False
        if sum(1 + len(one.others) for one in terms) >= TERMS_MOST:
            break
    return terms


def positive(terms: list[Term]) -> list[Term]:
    """The terms that must be there."""
    return [term for term in terms if not term.without]


def alternatives(term: Term) -> list[Term]:
    """What will do for a term: itself and its others."""
    return [replace(term, others=()), *term.others]


def wanted(terms: list[Term]) -> list[Term]:
    """Whatever a match may show: every alternative of every term that must be there."""
    return [one for term in positive(terms) for one in alternatives(term)]
