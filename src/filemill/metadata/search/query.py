"""A search as people type it: words, "phrases", prefix*, -not, this OR that. Anything else is just words.

A word stands for its other forms too, in the languages of whoever searches; in quotes it is exactly that word. No text is a
syntax error. Conditions on fields (`type:pdf size:>1MB`) are taken out before (`fields`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from filemill.metadata.search.languages import is_function_word
from filemill.metadata.search.stemming import stems
from filemill.metadata.search.words import words

QUERY_MOST_CHARACTERS = 1_000
TERMS_MOST = 32
OR = "OR"
"""In capitals it stands between alternatives; in small letters it is a word."""

_PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One or more words that must stand side by side. `prefix`: the last word may go on. `without`: must not be there.

    `exact`: one word in quotes, which stands for no other form. `stems`, `languages`: of a word any of whose forms will do.
    `side`: it need not be there, but counts. `others`: any of these will do instead; they have no others of their own.
    """

    words: tuple[str, ...]
    prefix: bool = False
    without: bool = False
    others: tuple["Term", ...] = ()
    exact: bool = False
    stems: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    side: bool = False


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

    def below(self, key: int) -> "Filters":
        """The same of what is below a key. The first key there can be is 0, which is a bound like any other."""
        return replace(self, until=key if self.until is None else min(self.until, key))

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
        exact = bool(quoted) and len(found) == 1
        term = Term(found, prefix=bare.endswith("*"), without=without, exact=exact)
        if joins and not without:
            terms[-1] = replace(terms[-1], others=(*terms[-1].others, term))
        else:
            terms.append(term)
        joins = False
        if sum(1 + len(one.others) for one in terms) >= TERMS_MOST:
            break
    return terms


def understood(terms: Sequence[Term], languages: Sequence[str]) -> list[Term]:
    """The terms with the stems of their words; function words beside others need not be there, but count."""
    full = [_with_stems(term, languages) for term in terms]
    if all(_says_little(term) for term in full if not term.without):
        return full
    return [replace(term, side=True) if _says_little(term) and not term.without else term for term in full]


def _with_stems(term: Term, languages: Sequence[str]) -> Term:
    others = tuple(_with_stems(other, languages) for other in term.others)
    if len(term.words) > 1 or term.prefix or term.exact:
        return replace(term, others=others)
    found = tuple(sorted(stems(term.words[0], languages)))
    return replace(term, others=others, stems=found, languages=tuple(languages))


def _says_little(term: Term) -> bool:
    simple = len(term.words) == 1 and not (term.exact or term.prefix or term.others)
    return simple and is_function_word(term.words[0])


def positive(terms: Sequence[Term]) -> list[Term]:
    """The terms that are looked for."""
    return [term for term in terms if not term.without]


def needed(terms: Sequence[Term]) -> list[Term]:
    """The terms that must be there."""
    return [term for term in terms if not term.without and not term.side]


def alternatives(term: Term) -> list[Term]:
    """What will do for a term: itself and its others."""
    return [replace(term, others=()), *term.others]


def wanted(terms: Sequence[Term]) -> list[Term]:
    """Whatever a match may show: every alternative of every term that must be there."""
    return [one for term in positive(terms) for one in alternatives(term)]
