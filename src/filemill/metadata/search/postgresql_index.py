"""The word index on PostgreSQL: our own words, stems and marks as one `tsvector` under GIN, the words in order beside it.

GIN answers with every match, in no order; it cannot stop after the newest 50. So entries are counted into blocks as they come,
each carries its block as a mark, and a search adds blocks, newest first, until it has enough: each question to GIN is about a
bounded number of entries (`postgresql_blocks`). Whether words stand side by side is asked of `body`, of the few rows that have
them all. A vector may hold a megabyte: of a longer text the first words are found, all of a phrase's among them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from filemill.chassis.database.database import Tx
from filemill.metadata.search import postgresql_blocks as blocks
from filemill.metadata.search.marks import about_mark, chosen_marks, marks_of, owner_mark, stem_mark
from filemill.metadata.search.query import Filters, Term, alternatives, needed
from filemill.metadata.search.text_index import FIELDS, KEY_END, NONE_KNOWN, IndexEntry

VECTOR_MOST_BYTES = 900_000

_CREATE = (
    "CREATE TABLE IF NOT EXISTS word_index (doc_id bigint PRIMARY KEY, vector tsvector NOT NULL, body text NOT NULL)",
    # Columns of this form; entries of an older one have them when they are made anew.
    "ALTER TABLE word_index ADD COLUMN IF NOT EXISTS block integer NOT NULL DEFAULT -1",
    # A match is read anyway, and its impacts with it; NULL in entries an older program put.
    "ALTER TABLE word_index ADD COLUMN IF NOT EXISTS impacts text",
    # Of such entries; and an older program beside this one looks for them here. It goes with the next form of the index.
    "CREATE TABLE IF NOT EXISTS word_impacts (doc_id bigint PRIMARY KEY, impacts text NOT NULL)",
    "CREATE INDEX IF NOT EXISTS word_index_vector ON word_index USING gin (vector) WITH (gin_pending_list_limit = 1024)",
    *blocks.CREATE,
)
_PUT = (
    "INSERT INTO word_index (doc_id, vector, body, block, impacts)"
    " SELECT doc_id, CAST(vector AS tsvector), body, block, impacts FROM"
    " unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::text[]) AS fresh (doc_id, vector, body, block, impacts)"
    " ON CONFLICT (doc_id) DO UPDATE SET vector = excluded.vector, body = excluded.body, block = excluded.block,"
    " impacts = excluded.impacts"
)
_PUT_IMPACTS = (
    "INSERT INTO word_impacts (doc_id, impacts) SELECT * FROM unnest($1::bigint[], $2::text[])"
    " ON CONFLICT (doc_id) DO UPDATE SET impacts = excluded.impacts"
)
_FOUND = (
    "SELECT step.number, hit.* FROM unnest($1::text[]) WITH ORDINALITY AS step (marks, number), LATERAL ("
    "SELECT * FROM (SELECT {columns} FROM word_index"
    " WHERE vector @@ CAST(step.marks AS tsquery) AND vector @@ CAST($2::text AS tsquery){beside} OFFSET 0) AS matching"
    " WHERE doc_id >= $3 AND doc_id < $4 ORDER BY doc_id {direction}) AS hit LIMIT $5"
)
"""Step after step, as `LIMIT` draws them, so none is asked in vain. `OFFSET 0` keeps keys from being looked for in another
index than the words. The marks are a condition of their own: between two, GIN leaps from a match of one to the next of the
other; within one tsquery it reads whatever is rarest in it from end to end, for every step."""
_KEY = "doc_id"
_KEY_AND_IMPACTS = (
    "doc_id, coalesce(impacts, (SELECT impacts FROM word_impacts WHERE doc_id = word_index.doc_id), '0 ') AS impacts"
)
_IMPACTS = f"SELECT {_KEY_AND_IMPACTS} FROM word_index WHERE doc_id = ANY ($1::bigint[])"  # noqa: S608 - ours


class PostgresqlIndex:
    """See `text_index.TextIndex`."""

    def create(self, tx: Tx) -> None:
        """See `TextIndex.create`."""
        for statement in _CREATE:
            tx.exec_driver_sql(statement)

    def put(self, tx: Tx, entries: Sequence[IndexEntry]) -> None:
        """See `TextIndex.put`."""
        if not entries:
            return
        keys = [entry.doc_id for entry in entries]
        placed = blocks.place(tx, keys)
        vectors = [_vector(entry, placed[entry.doc_id]) for entry in entries]
        bodies = ["\n".join(f" {' '.join(entry.fields.get(name, ()))} " for name in FIELDS) for entry in entries]
        impacts = [entry.impacts for entry in entries]
        tx.exec_driver_sql(_PUT, (keys, vectors, bodies, [placed[key] for key in keys], impacts))
        tx.exec_driver_sql(_PUT_IMPACTS, (keys, impacts))

    def remove(self, tx: Tx, doc_ids: Sequence[int]) -> None:
        """See `TextIndex.remove`. Its block keeps its place: a block may be smaller than it was."""
        for table in ("word_index", "word_impacts"):
            tx.exec_driver_sql(f"DELETE FROM {table} WHERE doc_id = ANY ($1::bigint[])", (list(doc_ids),))  # noqa: S608 - ours

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """See `TextIndex.keys`."""
        query = "SELECT doc_id FROM word_index WHERE doc_id > $1 ORDER BY doc_id LIMIT $2"
        return [row[0] for row in tx.exec_driver_sql(query, (after, most))]

    def has_to_forget(self, tx: Tx) -> bool:  # noqa: ARG002 - the port's
        """See `TextIndex.has_to_forget`."""
        return False

    def forget(self, tx: Tx) -> bool:  # noqa: ARG002 - the port's
        """See `TextIndex.forget`. PostgreSQL's own vacuum does it."""
        return False

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
        found = self._walk(tx, _KEY, terms, filters, (begin, end), limit, about=about, oldest_first=oldest_first)
        return [row[1] for row in found]

    def weighed(
        self,
        tx: Tx,
        terms: Sequence[Term],
        filters: Filters,
        limit: int,
        *,
        about: bool = False,
        known: Mapping[int, str] = NONE_KNOWN,  # noqa: ARG002 - the port's; here they come with the match
    ) -> dict[int, str]:
        """See `TextIndex.weighed`."""
        ends = filters.since or 0, KEY_END if filters.until is None else filters.until
        return {row[1]: row[2] for row in self._walk(tx, _KEY_AND_IMPACTS, terms, filters, ends, limit, about=about)}

    def impacts(self, tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
        """See `TextIndex.impacts`."""
        return {row[0]: row[1] for row in tx.exec_driver_sql(_IMPACTS, (list(doc_ids),)).all()}

    def _walk(
        self, tx: Tx, columns: str, terms: Sequence[Term], filters: Filters, ends: tuple[int, int], limit: int,
        *, about: bool, oldest_first: bool = False,
    ) -> list[Sequence[Any]]:  # fmt: skip
        """Matches with keys within `ends`, in order: the number of a step, then the columns, of which the key is the first."""
        match = _match(terms, filters, about)
        beside, values = _side_by_side(terms)
        direction = "ASC" if oldest_first else "DESC"
        statement = _FOUND.format(columns=columns, beside=beside, direction=direction)

        def ask(steps: list[str], most: int) -> Sequence[Sequence[Any]]:
            return tx.exec_driver_sql(statement, (steps, match, *ends, most, *values)).all()

        few = ":*" in match  # whatever begins so is gathered anew for each step
        return blocks.walk(tx, owner_mark(filters.owner_id), ask, ends, limit, oldest_first=oldest_first, few=few)


def _vector(entry: IndexEntry, block: int) -> str:
    """The text form of a tsvector without places: marks and what is searched most first, in case there is no room for all."""
    parts = [*marks_of(entry), *blocks.marks(owner_mark(entry.owner_id), block), *map(stem_mark, entry.stems)]
    room = VECTOR_MOST_BYTES - sum(len(part.encode()) + 3 for part in parts)
    found: dict[str, None] = {}
    for name in ("name", "title", "tags", "findings", "text"):
        for word in entry.fields.get(name, ()):
            if word in found:
                continue
            room -= len(word.encode()) + 3
            if room < 0:
                break
            found[word] = None
    return " ".join(map(_quoted, [*parts, *found]))


def _match(terms: Sequence[Term], filters: Filters, about: bool) -> str:
    """One tsquery; the owner is in it where nothing else must be there. Every word is quoted: nothing typed is syntax."""
    parts = [_quoted(mark) for mark in chosen_marks(filters)]
    for term in needed(terms):
        # Who is about a word holds it.
        found = [_about(one) if about else _all_words(one) for one in alternatives(term)]
        parts.append(" | ".join(f"({one})" for one in found))
    if not parts:  # a tsquery that only leaves out makes GIN walk over everything
        parts.append(_quoted(owner_mark(filters.owner_id)))
    parts += [f"!({_all_words(term)})" for term in terms if term.without and len(term.words) == 1]
    return " & ".join(f"({part})" for part in parts)


def _all_words(term: Term) -> str:
    *head, last = term.words
    ends = [_quoted(last) + (":*" if term.prefix else "")]
    ends += [_quoted(found) for found in term.stems if found != last]
    ends += [_quoted(stem_mark(found)) for found in term.stems]
    return " & ".join([*map(_quoted, head), f"({' | '.join(ends)})"])


def _about(term: Term) -> str:
    *head, last = term.words
    ends = [_quoted(about_mark(last)) + (":*" if term.prefix else "")]
    ends += [_quoted(about_mark(found)) for found in term.stems if found != last]
    return " & ".join([*(_quoted(about_mark(word)) for word in head), f"({' | '.join(ends)})"])


def _side_by_side(terms: Sequence[Term]) -> tuple[str, list[list[str]]]:
    """Conditions on `body` for phrases, with their values from `$6` on."""
    values: list[list[str]] = []
    conditions = ""
    for term in terms:
        choices = alternatives(term)
        if all(len(one.words) == 1 for one in choices):
            continue
        values.append([pattern for one in choices for pattern in _patterns(one)])
        conditions += f" AND {'NOT ' if term.without else ''}body LIKE ANY (${5 + len(values)}::text[])"
    return conditions, values


def _quoted(word: str) -> str:
    """Words hold letters and digits only, marks an `=`: nothing in them could end the quotes."""
    return f"'{word}'"


def _patterns(term: Term) -> list[str]:
    """The words of a phrase side by side, as `body` has them; no word holds a sign that LIKE knows."""
    text = " ".join(term.words)
    if term.stems:
        return [f"% {text} %", "%"]  # any form will do, which the vector has seen to
    return [f"% {text}%" if term.prefix else f"% {text} %"]
