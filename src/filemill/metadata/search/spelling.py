"""A word that no file of the owner has anywhere, mistyped: the nearest word of the owner's own names, titles and tags.

Asked only when the words as typed find nothing, or little. Candidates share grams with the word (`vocabulary.near`, bounded),
and one is taken if it is few edits away: one for words of up to five letters, two for longer ones; swapped neighbours are one
edit (optimal string alignment, Boytsov 2011). Of several the nearest, then the one most files have, then by the alphabet: the
same word on every engine.
"""

from collections.abc import Sequence
from dataclasses import replace

from filemill.chassis.database.database import Tx
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.stemming import stems
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vocabulary import LONGEST, SHORTEST, near

FEW = 3
"""Where nothing is found another spelling is taken; up to so many files, it is only told of."""
CANDIDATES_MOST = 60
CORRECTED_MOST = 4
"""Words of one query."""
ONE_EDIT_UP_TO = 5
"""Letters; two edits in so short a word make another word."""


def corrected(tx: Tx, index: TextIndex, owner_id: str, terms: Sequence[Term]) -> tuple[list[Term], dict[str, str]]:
    """The terms with other spellings for the words nobody has, and which word was taken for which."""
    taken: dict[str, str] = {}
    found: list[Term] = []
    for term in terms:
        better = _better(tx, index, owner_id, term) if len(taken) < CORRECTED_MOST else None
        if better is not None:
            taken[term.words[0]] = better
            found.append(replace(term, words=(better,), stems=tuple(sorted(stems(better, term.languages)))))
        else:
            found.append(term)
    return found, taken


def _better(tx: Tx, index: TextIndex, owner_id: str, term: Term) -> str | None:
    """The nearest word, for a plain word of the query that no file has."""
    if len(term.words) != 1 or term.without or term.exact or term.prefix or term.others or term.side:
        return None
    word = term.words[0]
    if not (SHORTEST <= len(word) <= LONGEST and word.isalpha()):
        return None
    if index.newest(tx, [term], Filters(owner_id), 1, None):
        return None
    most = 1 if len(word) <= ONE_EDIT_UP_TO else 2
    candidates = (
        (distance, -files, other)
        for other, files in near(tx, owner_id, word, CANDIDATES_MOST).items()
        if (distance := edits(word, other, most)) is not None
    )
    best = min(candidates, default=None)
    return best[2] if best else None


def edits(one: str, other: str, most: int) -> int | None:
    """How many letters to put in, leave out, change or swap to get from one word to the other; None if more than `most`."""
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, there in enumerate(other, 1):
            cost = min(last[column] + 1, line[column - 1] + 1, last[column - 1] + (letter != there))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == there:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return None
        before, last = last, line
    return last[-1] if last[-1] <= most else None
