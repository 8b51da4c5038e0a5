"""Files like a file: pictures by their perceptual hash, texts by their vectors, or by their words where there are none.

Each way is an exact scan over the newest candidates of the owner; the answer says which way it was and how many were compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import RowMapping

from filemill.chassis.database.database import Tx
from filemill.metadata import index_repository, lists_repository, vectors_repository
from filemill.metadata.search.hybrid import DOCUMENTS_MOST, LEAST_COSINE
from filemill.metadata.search.languages import FUNCTION_WORDS
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vectors import centre, near_pictures, nearest
from filemill.metadata.search.words import words

Way = Literal["picture-hash", "vectors", "words"]
PICTURES_MOST = 50_000
NEAR_BITS = 10
"""Of 64: copies that were scaled, re-encoded or brightened differ in fewer (processing's difference hash)."""
WORDS_LOOKED_AT = 32
"""The words a file is most about; of them those are weighed that some others have."""
OF_A_WORD_MOST = 400
"""Documents looked at for each word, the newest."""
LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Alike:
    """(row, similarity 0..1) best first; how they were found, among how many, whether there were more, by which model."""

    hits: list[tuple[RowMapping, float]]
    way: Way
    compared: int
    bounded: bool
    model: str | None = None


def similar(tx: Tx, index: TextIndex, row: RowMapping, limit: int) -> Alike:
    """The files of the same owner that are most like one of his."""
    if row["picture_hash"] is not None:
        return _pictures(tx, row, limit)
    kept = vectors_repository.of_document(tx, row["doc_id"])
    if kept is not None:
        others = vectors_repository.newest(
            tx, row["owner_id"], kept.model, DOCUMENTS_MOST + 1, since=None, until=None, among=None
        )
        others = [one for one in others if one.doc_id != row["doc_id"]]
        best = nearest(centre(kept), others[:DOCUMENTS_MOST], limit, LEAST_COSINE)
        bounded = len(others) > DOCUMENTS_MOST
        return Alike(_rows(tx, row, best), "vectors", min(len(others), DOCUMENTS_MOST), bounded, kept.model)
    return _by_words(tx, index, row, limit)


def _pictures(tx: Tx, row: RowMapping, limit: int) -> Alike:
    others = vectors_repository.pictures(tx, row["owner_id"], PICTURES_MOST + 1)
    bounded = len(others) > PICTURES_MOST
    others = [one for one in others[:PICTURES_MOST] if one[0] != row["doc_id"]]
    best = near_pictures(row["picture_hash"], others, NEAR_BITS)[:limit]
    return Alike(_rows(tx, row, best), "picture-hash", len(others), bounded)


def _by_words(tx: Tx, index: TextIndex, row: RowMapping, limit: int) -> Alike:
    """How much of what the file is about another is about too; a word counts the more, the fewer files have it.

    Words that all files have, or no other, say nothing.
    """
    filters = Filters(row["owner_id"])
    own = _strongest(
        index.impacts(tx, [row["doc_id"]]).get(row["doc_id"], ""),
        index_repository.texts_of(tx, [row["doc_id"]]).get(row["doc_id"], ""),
    )
    files = len(index.newest(tx, [], filters, OF_A_WORD_MOST, None))
    holders = {word: index.newest(tx, [Term((word,))], filters, OF_A_WORD_MOST, None) for word in own}
    holders = {word: keys for word, keys in holders.items() if 1 < len(keys) < max(files, 3)}
    bounded = any(len(keys) == OF_A_WORD_MOST for keys in holders.values())
    weights = {word: own[word] * math.log(1 + files / len(keys)) for word, keys in holders.items()}
    whole = sum(weights.values()) or 1.0
    having = {word: set(keys) for word, keys in holders.items()}
    keys = sorted(set().union(*having.values()) - {row["doc_id"]})
    scored: list[tuple[int, float]] = []
    for key, line in index.impacts(tx, keys).items():
        theirs = _entries(line)
        least = float(line.partition(" ")[0])
        holds = [word for word in weights if key in having[word]]
        common = sum(weights[word] * min(1.0, theirs.get(word, least) / own[word]) for word in holds)
        if common / whole >= LEAST_SHARE:
            scored.append((key, round(common / whole, 4)))
    best = sorted(scored, key=lambda one: (-one[1], -one[0]))[:limit]
    return Alike(_rows(tx, row, best), "words", len(keys), bounded)


def _entries(line: str) -> dict[str, float]:
    """The words of a line with their impacts; stems are other forms of them and would count twice."""
    pairs = (part.rpartition(":") for part in line.split(" ")[1:] if part and not part.startswith("="))
    return {word: float(value) for word, _, value in pairs}


def _strongest(line: str, text: str) -> dict[str, float]:
    """A line leaves out the words of the least impact: those that the text has once, which may be all of a short one."""
    entries = _entries(line)
    if len(entries) < WORDS_LOOKED_AT:
        entries = dict.fromkeys(words(text), float(line.partition(" ")[0] or 0)) | entries
    entries = {word: value for word, value in entries.items() if word not in FUNCTION_WORDS}
    return dict(sorted(entries.items(), key=lambda one: (-one[1], one[0]))[:WORDS_LOOKED_AT])


def _rows(tx: Tx, row: RowMapping, best: Sequence[tuple[int, float]]) -> list[tuple[RowMapping, float]]:
    rows = lists_repository.many(tx, row["owner_id"], [key for key, _ in best])
    return [(rows[key], value) for key, value in best if key in rows]
