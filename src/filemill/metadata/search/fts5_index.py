"""The word index on SQLite FTS5: our own words in, stems and exact marks in columns of their own, rowid = document key.

FTS5 keeps each word's documents in rowid order, and keys are time-ordered, so "the newest 50" stops after 50 hits. Impacts lie
in a narrow table beside it: ranking reads a thousand of them, and none of the texts.
"""

import json
from collections.abc import Mapping, Sequence

from filemill.chassis import long_start
from filemill.chassis.database.database import Tx
from filemill.metadata.search import fts5_levels
from filemill.metadata.search.marks import about_mark, marks_of, stem_mark, wanted_marks
from filemill.metadata.search.query import Filters, Term, alternatives, needed
from filemill.metadata.search.text_index import FIELDS, KEY_END, NO_IMPACTS, NONE_KNOWN, IndexEntry

_MERGED_PAGES = 200
"""In one step: about a megabyte, some tens of milliseconds."""

_COLUMNS = (*FIELDS, "stems", "marks")
_CREATE = (
    (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS word_index USING fts5 ({', '.join(_COLUMNS)},"
        " tokenize = \"unicode61 remove_diacritics 0 tokenchars '='\")"
    ),
    "CREATE TABLE IF NOT EXISTS word_impacts (doc_id INTEGER PRIMARY KEY, impacts TEXT NOT NULL)",
)
_NOTES = "SELECT name FROM sqlite_master WHERE name = 'words_to_forget'"
_CREATE_NOTES = "CREATE TABLE words_to_forget (note INTEGER PRIMARY KEY)"
_NOTED = "SELECT note FROM words_to_forget"
_NOTE = "INSERT OR IGNORE INTO words_to_forget VALUES (?)"
_REMOVED, _UNDER_WAY = 1, 2
"""Something was removed that no pass has begun to forget; a pass is under way."""
_MERGE = "INSERT INTO word_index (word_index, rank) VALUES ('merge', ?)"
_MERGES_TWO = "SELECT 1 FROM word_index_config WHERE k = 'usermerge' AND v = 2"
_MERGE_TWO = "INSERT INTO word_index (word_index, rank) VALUES ('usermerge', 2)"
"""Else a pass stands still where more segments arrive meanwhile than it merges, and fewer than four."""
_PUT = f"INSERT INTO word_index (rowid, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})"  # noqa: S608
_PUT_IMPACTS = "INSERT OR REPLACE INTO word_impacts (doc_id, impacts) VALUES (?, ?)"
_NEWEST = "SELECT rowid FROM word_index WHERE word_index MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid {} LIMIT ?"
_HERE = "SELECT doc_id FROM word_impacts WHERE doc_id IN (SELECT value FROM json_each(?))"
_IMPACTS = "SELECT doc_id, impacts FROM word_impacts WHERE doc_id IN (SELECT value FROM json_each(?))"


class Fts5Index:
    """See `text_index.TextIndex`."""

    def create(self, tx: Tx) -> None:
        """See `TextIndex.create`. An index of an older form goes: its rows cannot be given new columns."""
        fts5_levels.tidied(tx)
        here = {row[0] for row in tx.exec_driver_sql("SELECT name FROM pragma_table_info('word_index')")}
        if here and here != set(_COLUMNS):
            long_start.takes_long(
                "drops the word index of an older version; files are put into the new one while it serves"
            )
            tx.exec_driver_sql("DROP TABLE word_index")
        for statement in _CREATE:
            tx.exec_driver_sql(statement)
        if not tx.exec_driver_sql(_MERGES_TWO).first():
            tx.exec_driver_sql(_MERGE_TWO)
        if not tx.exec_driver_sql(_NOTES).first():
            tx.exec_driver_sql(_CREATE_NOTES)
            if here:  # an older program did not note what it had to forget
                tx.exec_driver_sql(_NOTE, (_REMOVED,))

    def put(self, tx: Tx, entries: Sequence[IndexEntry]) -> None:
        """See `TextIndex.put`."""
        if not entries:
            return
        _drop(tx, [entry.doc_id for entry in entries])
        tx.exec_driver_sql(_PUT, [_row(entry) for entry in entries])
        tx.exec_driver_sql(_PUT_IMPACTS, [(entry.doc_id, entry.impacts) for entry in entries])

    def remove(self, tx: Tx, doc_ids: Sequence[int]) -> None:
        """See `TextIndex.remove`."""
        if _drop(tx, doc_ids):
            tx.exec_driver_sql(_NOTE, (_REMOVED,))

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """See `TextIndex.keys`."""
        query = "SELECT doc_id FROM word_impacts WHERE doc_id > ? ORDER BY doc_id LIMIT ?"
        return [row[0] for row in tx.exec_driver_sql(query, (after, most))]

    def has_to_forget(self, tx: Tx) -> bool:
        """See `TextIndex.has_to_forget`."""
        return tx.exec_driver_sql(_NOTED).first() is not None

    def forget(self, tx: Tx) -> bool:
        """See `TextIndex.forget`.

        A pass begins with a `merge` of a negative number, which makes everything that is here one merge, and goes on with
        positive ones (https://www.sqlite.org/fts5.html#the_merge_command). With negative ones alone it would begin again
        whenever something was written meanwhile, and not end while that goes on.
        """
        noted = {row[0] for row in tx.exec_driver_sql(_NOTED)}
        if not noted:
            return False
        begins = _UNDER_WAY not in noted
        before = tx.exec_driver_sql("SELECT total_changes()").scalar_one()
        tx.exec_driver_sql(_MERGE, (-_MERGED_PAGES if begins else _MERGED_PAGES,))
        # One change is the command itself. There may be more after the end: what was written meanwhile is merged, too.
        is_changed = tx.exec_driver_sql("SELECT total_changes()").scalar_one() - before >= 2
        goes_on = is_changed and fts5_levels.tidied(tx)
        tx.exec_driver_sql("DELETE FROM words_to_forget WHERE note = ?", (_REMOVED if begins else _UNDER_WAY,))
        if goes_on:
            tx.exec_driver_sql(_NOTE, (_UNDER_WAY,))
        return goes_on

    def newest(
        self,
        tx: Tx,
        terms: Sequence[Term],
        filters: Filters,
        limit: int,
        before: int | None,
        *,
        about: bool = False,
        oldest_first: bool = False,
    ) -> list[int]:
        """See `TextIndex.newest`."""
        begin, end = filters.since or 0, KEY_END if filters.until is None else filters.until
        if before is not None:
            begin, end = (max(begin, before + 1), end) if oldest_first else (begin, min(end, before))
        statement = _NEWEST.format("ASC" if oldest_first else "DESC")
        values = (_match(terms, filters, about), begin, end, limit)
        return [row[0] for row in tx.exec_driver_sql(statement, values).all()]

    def weighed(
        self,
        tx: Tx,
        terms: Sequence[Term],
        filters: Filters,
        limit: int,
        *,
        about: bool = False,
        known: Mapping[int, str] = NONE_KNOWN,
    ) -> dict[int, str]:
        """See `TextIndex.weighed`."""
        keys = self.newest(tx, terms, filters, limit, None, about=about)
        lines = {**known, **self.impacts(tx, [key for key in keys if key not in known])}
        return {key: lines.get(key, NO_IMPACTS) for key in keys}

    def impacts(self, tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
        """See `TextIndex.impacts`."""
        return {row[0]: row[1] for row in tx.exec_driver_sql(_IMPACTS, (json.dumps(list(doc_ids)),)).all()}


def _drop(tx: Tx, doc_ids: Sequence[int]) -> bool:
    """Whether any of them was there."""
    here = [(row[0],) for row in tx.exec_driver_sql(_HERE, (json.dumps(list(doc_ids)),))]
    if here:
        tx.exec_driver_sql("DELETE FROM word_index WHERE rowid = ?", here)
        tx.exec_driver_sql("DELETE FROM word_impacts WHERE doc_id = ?", here)
    return bool(here)


def _row(entry: IndexEntry) -> tuple[int | str, ...]:
    columns = [" ".join(entry.fields.get(name, ())) for name in FIELDS]
    return (entry.doc_id, *columns, " ".join(map(stem_mark, entry.stems)), " ".join(marks_of(entry)))


_ANY_FIELD = "{" + " ".join(FIELDS) + "}"


def _match(terms: Sequence[Term], filters: Filters, about: bool) -> str:
    """One FTS5 expression. Every part is quoted, and words hold no quotes: nothing a user types is syntax."""
    parts = [f'marks : "{mark}"' for mark in wanted_marks(filters)]
    parts += [_any(term, about) for term in needed(terms)]
    expression = " AND ".join(f"({part})" for part in parts)
    for term in terms:
        if term.without:
            expression = f"({expression}) NOT ({_words(term)})"
    return expression


def _any(term: Term, about: bool) -> str:
    found = [_words(one) for one in alternatives(term)]
    if about:
        found = [f"({words}) AND ({_about(one)})" for words, one in zip(found, alternatives(term), strict=True)]
    return " OR ".join(f"({one})" for one in found)


def _words(term: Term) -> str:
    star = " *" if term.prefix else ""
    words = f'{_ANY_FIELD} : ("{" ".join(term.words)}"{star}'
    words += "".join(f' OR "{found}"' for found in term.stems if found != term.words[0]) + ")"
    if term.stems:
        words += f" OR stems : ({' OR '.join(chr(34) + stem_mark(found) + chr(34) for found in term.stems)})"
    return words


def _about(term: Term) -> str:
    *head, last = term.words
    parts = [f'"{about_mark(word)}"' for word in head]
    ends = [f'"{about_mark(last)}"' + (" *" if term.prefix else "")]
    ends += [f'"{about_mark(found)}"' for found in term.stems if found != last]
    return "marks : (" + " AND ".join([*parts, f"({' OR '.join(ends)})"]) + ")"
