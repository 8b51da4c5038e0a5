"""The word index on PostgreSQL: our own words and marks as one `tsvector` under GIN, the words in order beside it.

The words come from our tokenizer, so both engines find the same. A word stands in the vector with a few positions that only
carry its weight for ranking; whether words stand side by side is asked of `body`, of the few rows that have them all.
A vector may hold a megabyte: of a longer text the first words are found, all of a phrase's among them.
"""

from collections import Counter

from filemill.chassis.database.database import Tx
from filemill.metadata.search.marks import marks_of, wanted_marks
from filemill.metadata.search.query import Filters, Term, alternatives, positive, wanted
from filemill.metadata.search.text_index import FIELDS, KEY_END, IndexEntry

VECTOR_MOST_BYTES = 900_000
COUNTED_MOST = 5
"""A word that stands often in a text is weighed as standing so often."""
_LETTERS = {"title": "A", "name": "B", "tags": "B", "findings": "C", "text": "D"}
_WEIGHTS = "{0.1, 0.25, 0.75, 1.0}"
"""For D, C, B, A."""

_CREATE = (
    "CREATE TABLE IF NOT EXISTS word_index (doc_id bigint PRIMARY KEY, vector tsvector NOT NULL, body text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS word_index_vector ON word_index USING gin (vector)",
)
_PUT = (
    "INSERT INTO word_index (doc_id, vector, body) VALUES ($1, CAST($2::text AS tsvector), $3::text)"
    " ON CONFLICT (doc_id) DO UPDATE SET vector = excluded.vector, body = excluded.body"
)
_NEWEST = (
    "SELECT doc_id FROM word_index WHERE vector @@ CAST($1::text AS tsquery) AND doc_id < $2 AND doc_id >= $3"
    " AND body LIKE ALL ($4::text[]) AND NOT body LIKE ANY ($5::text[])"
)
_NEWEST_END = " ORDER BY doc_id DESC LIMIT $6"
_RANKED = (
    f"SELECT doc_id, ts_rank('{_WEIGHTS}', vector, CAST($1::text AS tsquery), 1) AS score FROM word_index"  # noqa: S608 - a constant
    " WHERE doc_id = ANY ($2::bigint[]) ORDER BY score DESC, doc_id DESC LIMIT $3"
)


class PostgresqlIndex:
    """See `text_index.TextIndex`."""

    def create(self, tx: Tx) -> None:
        """See `TextIndex.create`."""
        for statement in _CREATE:
            tx.exec_driver_sql(statement)

    def put(self, tx: Tx, entry: IndexEntry) -> None:
        """See `TextIndex.put`."""
        body = "\n".join(f" {' '.join(entry.fields.get(name, ()))} " for name in FIELDS)
        tx.exec_driver_sql(_PUT, (entry.doc_id, _vector(entry), body))

    def remove(self, tx: Tx, doc_id: int) -> None:
        """See `TextIndex.remove`."""
        tx.exec_driver_sql("DELETE FROM word_index WHERE doc_id = $1", (doc_id,))

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """See `TextIndex.keys`."""
        query = "SELECT doc_id FROM word_index WHERE doc_id > $1 ORDER BY doc_id LIMIT $2"
        return [row[0] for row in tx.exec_driver_sql(query, (after, most))]

    def forget(self, tx: Tx) -> bool:  # noqa: ARG002 - the port's
        """See `TextIndex.forget`. PostgreSQL's own vacuum does it."""
        return False

    def newest(self, tx: Tx, terms: list[Term], filters: Filters, limit: int, before: int | None) -> list[int]:
        """See `TextIndex.newest`."""
        end = min(before or KEY_END, filters.until or KEY_END)
        phrases = [_like(term) for term in positive(terms) if len(term.words) > 1 and not term.others]
        without = [_like(term) for term in terms if term.without and len(term.words) > 1]
        choices = [_choice(term) for term in positive(terms) if _has_phrase(term)]
        values = (_match(terms, filters), end, filters.since or 0, phrases, without, limit, *choices)
        any_of = "".join(f" AND body LIKE ANY (${at}::text[])" for at in range(7, 7 + len(choices)))
        return [row[0] for row in tx.exec_driver_sql(f"{_NEWEST}{any_of}{_NEWEST_END}", values)]

    def ranked(
        self, tx: Tx, terms: list[Term], filters: Filters, limit: int, among: int
    ) -> tuple[list[tuple[int, float]], bool]:
        """See `TextIndex.ranked`."""
        candidates = self.newest(tx, terms, filters, among + 1, None)
        words = " | ".join(_word(word, term) for term in wanted(terms) for word in term.words)
        rows = tx.exec_driver_sql(_RANKED, (words, candidates[:among], limit))
        return [(row[0], round(row[1], 4)) for row in rows], len(candidates) > among


def _vector(entry: IndexEntry) -> str:
    """The text form of a tsvector: each word with one position per field, more for a text that says it often."""
    places: dict[str, list[str]] = {}
    for at, name in enumerate(("name", "title", "tags", "findings", "text"), 1):
        for word, times in Counter(entry.fields.get(name, ())).items():
            found = places.setdefault(word, [])
            found += [f"{at + 10 * number}{_LETTERS[name]}" for number in range(min(times, COUNTED_MOST))]
    parts = [_quoted(mark) for mark in marks_of(entry)]
    room = VECTOR_MOST_BYTES
    for word, found in places.items():
        part = f"{_quoted(word)}:{','.join(found)}"
        room -= len(part.encode())
        if room < 0:
            break
        parts.append(part)
    return " ".join(parts)


def _match(terms: list[Term], filters: Filters) -> str:
    """One tsquery. Every word is quoted: nothing a user types is syntax."""
    parts = [_quoted(mark) for mark in wanted_marks(filters)]
    for term in terms:
        if not term.without:
            parts.append(" | ".join(f"({_all_words(one)})" for one in alternatives(term)))
        elif len(term.words) == 1:
            parts.append(f"!{_word(term.words[0], term)}")
    return " & ".join(f"({part})" for part in parts)


def _all_words(term: Term) -> str:
    return " & ".join(_word(word, term) for word in term.words)


def _has_phrase(term: Term) -> bool:
    """Whether one of several alternatives is a phrase: then words in the vector are not enough."""
    return bool(term.others) and any(len(one.words) > 1 for one in alternatives(term))


def _choice(term: Term) -> list[str]:
    return [_like(one) for one in alternatives(term)]


def _word(word: str, term: Term) -> str:
    prefix = ":*" if term.prefix and word is term.words[-1] else ""
    return _quoted(word) + prefix


def _quoted(word: str) -> str:
    """Words hold letters and digits only, marks an `=`: nothing in them could end the quotes."""
    return f"'{word}'"


def _like(term: Term) -> str:
    """The words of a phrase side by side, as `body` has them; no word holds a sign that LIKE knows."""
    text = " ".join(term.words)
    return f"% {text}%" if term.prefix else f"% {text} %"
