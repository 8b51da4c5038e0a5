"""The word index on SQLite FTS5: our own words in, exact marks in a column of their own, rowid = document key.

FTS5 keeps each word's documents in rowid order, and keys are time-ordered, so "the newest 50" stops after 50 hits.
"""

from filemill.chassis.database.database import Tx
from filemill.metadata.search.marks import marks_of, wanted_marks
from filemill.metadata.search.query import Filters, Term, alternatives
from filemill.metadata.search.text_index import FIELDS, KEY_END, IndexEntry

WEIGHTS = {"name": 6.0, "title": 8.0, "tags": 6.0, "text": 1.0, "findings": 2.0}

_MERGED_PAGES = 200
"""In one step: about a megabyte, some tens of milliseconds."""

_CREATE = f"""CREATE VIRTUAL TABLE IF NOT EXISTS word_index USING fts5 (
    {", ".join(FIELDS)}, marks, tokenize = "unicode61 remove_diacritics 0 tokenchars '='"
)"""
_PUT = f"INSERT INTO word_index (rowid, {', '.join(FIELDS)}, marks) VALUES (?{', ?' * (len(FIELDS) + 1)})"  # noqa: S608
_NEWEST = (
    "SELECT rowid FROM word_index WHERE word_index MATCH ? AND rowid < ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
)
_RANKED = (
    f"SELECT rowid, bm25(word_index, {', '.join(str(WEIGHTS[name]) for name in FIELDS)}, 0) AS score FROM word_index"  # noqa: S608
    " WHERE word_index MATCH ? AND rowid >= ? AND rowid < ? ORDER BY score, rowid DESC LIMIT ?"
)


class Fts5Index:
    """See `text_index.TextIndex`."""

    def create(self, tx: Tx) -> None:
        """See `TextIndex.create`."""
        tx.exec_driver_sql(_CREATE)

    def put(self, tx: Tx, entry: IndexEntry) -> None:
        """See `TextIndex.put`."""
        self.remove(tx, entry.doc_id)
        columns = [" ".join(entry.fields.get(name, ())) for name in FIELDS]
        tx.exec_driver_sql(_PUT, (entry.doc_id, *columns, " ".join(marks_of(entry))))

    def remove(self, tx: Tx, doc_id: int) -> None:
        """See `TextIndex.remove`."""
        tx.exec_driver_sql("DELETE FROM word_index WHERE rowid = ?", (doc_id,))

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """See `TextIndex.keys`."""
        rows = tx.exec_driver_sql("SELECT rowid FROM word_index WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, most))
        return [row[0] for row in rows]

    def forget(self, tx: Tx) -> bool:
        """See `TextIndex.forget`: `merge` with a negative number goes towards one segment, where no removed entry is left."""
        before = tx.exec_driver_sql("SELECT total_changes()").scalar_one()
        tx.exec_driver_sql("INSERT INTO word_index (word_index, rank) VALUES ('merge', ?)", (-_MERGED_PAGES,))
        # One change is the command itself (https://www.sqlite.org/fts5.html#the_merge_command).
        return bool(tx.exec_driver_sql("SELECT total_changes()").scalar_one() - before >= 2)

    def newest(self, tx: Tx, terms: list[Term], filters: Filters, limit: int, before: int | None) -> list[int]:
        """See `TextIndex.newest`."""
        end = min(before or KEY_END, filters.until or KEY_END)
        values = (_match(terms, filters), end, filters.since or 0, limit)
        return [row[0] for row in tx.exec_driver_sql(_NEWEST, values)]

    def ranked(
        self, tx: Tx, terms: list[Term], filters: Filters, limit: int, among: int
    ) -> tuple[list[tuple[int, float]], bool]:
        """See `TextIndex.ranked`."""
        candidates = self.newest(tx, terms, filters, among + 1, None)
        if not candidates:
            return [], False
        more = len(candidates) > among
        oldest = candidates[among - 1] if more else candidates[-1]
        rows = tx.exec_driver_sql(_RANKED, (_match(terms, filters), oldest, filters.until or KEY_END, limit))
        return [(row[0], round(-row[1], 8)) for row in rows], more


def _match(terms: list[Term], filters: Filters) -> str:
    """One FTS5 expression. Every part is quoted, and words hold no quotes: nothing a user types is syntax."""
    parts = [f'marks : "{mark}"' for mark in wanted_marks(filters)]
    fields = " ".join(FIELDS)
    parts += [f"{{{fields}}} : ({_any(term)})" for term in terms if not term.without]
    expression = " AND ".join(f"({part})" for part in parts)
    for term in terms:
        if term.without:
            expression = f"({expression}) NOT ({{{fields}}} : ({_phrase(term)}))"
    return expression


def _any(term: Term) -> str:
    return " OR ".join(_phrase(one) for one in alternatives(term))


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")
