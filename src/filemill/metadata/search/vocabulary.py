"""What an owner's files speak: the languages they are in, and the words of their names, titles and tags, for typing errors.

A wrapper around the index with the same port: whatever is put or removed goes through here too, in the same transaction, so
a word is known exactly as long as a file has it. The same tables and statements on every engine. Words with digits are no
words that are mistyped; they stay out. On failure: none of its own; `filemill index rebuild` makes it anew with the index.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, text

from filemill.chassis.database.database import Tx
from filemill.metadata.search.marks import owner_mark
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import NONE_KNOWN, IndexEntry, TextIndex

HEAD = ("name", "title", "tags")
SHORTEST, LONGEST = 4, 24
"""In characters: shorter words are near too many others, longer ones are no words."""
OF_A_FILE_MOST = 40
GRAM_WORDS_MOST = 2_000
"""Words looked at for one gram: a bound, not a figure of quality."""

_CREATE = (
    (
        "CREATE TABLE IF NOT EXISTS vocabulary (owner varchar(40) NOT NULL, word varchar(24) NOT NULL, files integer NOT NULL,"
        " PRIMARY KEY (owner, word))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS vocabulary_grams (owner varchar(40) NOT NULL, gram varchar(3) NOT NULL,"
        " word varchar(24) NOT NULL, PRIMARY KEY (owner, gram, word))"
    ),
    "CREATE TABLE IF NOT EXISTS vocabulary_files (doc_id bigint PRIMARY KEY, owner varchar(40) NOT NULL, words text NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS vocabulary_languages (owner varchar(40) NOT NULL, language varchar(8) NOT NULL,"
        " PRIMARY KEY (owner, language))"
    ),
)
_OF_FILES = text("SELECT doc_id, owner, words FROM vocabulary_files WHERE doc_id IN :ids").bindparams(
    bindparam("ids", expanding=True, type_=BigInteger)
)
_KEEP = text(
    "INSERT INTO vocabulary_files (doc_id, owner, words) VALUES (:doc_id, :owner, :words)"
    " ON CONFLICT (doc_id) DO UPDATE SET owner = :owner, words = :words"
).bindparams(bindparam("doc_id", type_=BigInteger))
_DROP = text("DELETE FROM vocabulary_files WHERE doc_id IN :ids").bindparams(
    bindparam("ids", expanding=True, type_=BigInteger)
)
_COUNT = text(
    "INSERT INTO vocabulary (owner, word, files) VALUES (:owner, :word, :more)"
    " ON CONFLICT (owner, word) DO UPDATE SET files = vocabulary.files + :more"
)
_KNOWN = text("SELECT word FROM vocabulary WHERE owner = :owner AND word IN :words").bindparams(
    bindparam("words", expanding=True)
)
_GONE = text("DELETE FROM vocabulary WHERE owner = :owner AND word IN :words AND files <= 0 RETURNING word").bindparams(
    bindparam("words", expanding=True)
)
_ADD_GRAM = text(
    "INSERT INTO vocabulary_grams (owner, gram, word) VALUES (:owner, :gram, :word) ON CONFLICT DO NOTHING"
)
_DROP_GRAM = text("DELETE FROM vocabulary_grams WHERE owner = :owner AND gram = :gram AND word = :word")
_ADD_LANGUAGE = text(
    "INSERT INTO vocabulary_languages (owner, language) VALUES (:owner, :language) ON CONFLICT DO NOTHING"
)
_LANGUAGES = text("SELECT language FROM vocabulary_languages WHERE owner = :owner ORDER BY language")
_WITH_GRAM = (
    "SELECT word FROM (SELECT word FROM vocabulary_grams WHERE owner = :owner AND gram = :gram{at}"
    " ORDER BY word LIMIT {most}) AS with_gram{at}"
)
_MOST_SHARED = "SELECT word FROM ({}) AS shared GROUP BY word ORDER BY count(*) DESC, word LIMIT :most"
_FILES = text("SELECT word, files FROM vocabulary WHERE owner = :owner AND word IN :words").bindparams(
    bindparam("words", expanding=True)
)


@dataclass(frozen=True, slots=True)
class VocabularyIndex:
    """See `text_index.TextIndex`: the inner index, and the owner's vocabulary with it."""

    inner: TextIndex

    def create(self, tx: Tx) -> None:
        """See `TextIndex.create`."""
        self.inner.create(tx)
        for statement in _CREATE:
            tx.exec_driver_sql(statement)

    def put(self, tx: Tx, entries: Sequence[IndexEntry]) -> None:
        """See `TextIndex.put`."""
        self.inner.put(tx, entries)
        if entries:
            _learn(tx, entries)

    def remove(self, tx: Tx, doc_ids: Sequence[int]) -> None:
        """See `TextIndex.remove`."""
        self.inner.remove(tx, doc_ids)
        if doc_ids:
            _count(tx, _subtracted(tx, doc_ids))
            tx.execute(_DROP, {"ids": list(doc_ids)})

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """See `TextIndex.keys`."""
        return self.inner.keys(tx, after, most)

    def has_to_forget(self, tx: Tx) -> bool:
        """See `TextIndex.has_to_forget`."""
        return self.inner.has_to_forget(tx)

    def forget(self, tx: Tx) -> bool:
        """See `TextIndex.forget`."""
        return self.inner.forget(tx)

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
        return self.inner.newest(tx, terms, filters, limit, before, about=about, oldest_first=oldest_first)

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
        return self.inner.weighed(tx, terms, filters, limit, about=about, known=known)

    def impacts(self, tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
        """See `TextIndex.impacts`."""
        return self.inner.impacts(tx, doc_ids)


def languages(tx: Tx, owner_id: str) -> list[str]:
    """The languages the owner's files are stemmed in."""
    return list(tx.execute(_LANGUAGES, {"owner": owner_mark(owner_id)}).scalars())


def grams(word: str) -> set[str]:
    """Three letters each, with the ends marked: a word of `n` letters has `n` of them, and a mistake spoils at most three."""
    marked = f" {word} "
    return {marked[at : at + 3] for at in range(len(marked) - 2)}


def near(tx: Tx, owner_id: str, word: str, most: int) -> dict[str, int]:
    """The `most` words of the owner that share most with a word, and how many files have each."""
    asked = sorted(grams(word))
    parts = (_WITH_GRAM.format(at=at, most=GRAM_WORDS_MOST) for at in range(len(asked)))
    values = {"owner": owner_mark(owner_id)} | {f"gram{at}": gram for at, gram in enumerate(asked)}
    likely = tx.execute(text(_MOST_SHARED.format(" UNION ALL ".join(parts))), values | {"most": most}).scalars().all()
    return files_with(tx, owner_id, likely)


def files_with(tx: Tx, owner_id: str, words: Sequence[str]) -> dict[str, int]:
    """How many files of the owner have each of these words in name, title or tags; only those that some have."""
    if not words:
        return {}
    rows = tx.execute(_FILES, {"owner": owner_mark(owner_id), "words": list(words)})
    return {row[0]: row[1] for row in rows if row[1] > 0}


def _learn(tx: Tx, entries: Sequence[IndexEntry]) -> None:
    change = _subtracted(tx, [entry.doc_id for entry in entries])
    kept = []
    for entry in entries:
        owner, words = owner_mark(entry.owner_id), _of_entry(entry)
        change.update({(owner, word): 1 for word in words})
        kept.append({"doc_id": entry.doc_id, "owner": owner, "words": " ".join(words)})
    tx.execute(_KEEP, kept)
    _count(tx, change)
    spoken = sorted({(owner_mark(entry.owner_id), language) for entry in entries for language in entry.languages})
    if spoken:
        tx.execute(_ADD_LANGUAGE, [{"owner": owner, "language": language} for owner, language in spoken])


def _of_entry(entry: IndexEntry) -> list[str]:
    found = dict.fromkeys(word for name in HEAD for word in entry.fields.get(name, ()) if _is_word(word))
    return list(found)[:OF_A_FILE_MOST]


def _is_word(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and word.isalpha()


def _subtracted(tx: Tx, doc_ids: Iterable[int]) -> Counter[tuple[str, str]]:
    """One less of every word that these entries have now."""
    change: Counter[tuple[str, str]] = Counter()
    for _, owner, words in tx.execute(_OF_FILES, {"ids": list(doc_ids)}):
        change.subtract({(owner, word): 1 for word in words.split()})
    return change


def _count(tx: Tx, change: Counter[tuple[str, str]]) -> None:
    """Change the counts, in one order everywhere: two processes that index cannot wait for each other."""
    moved = sorted((key, more) for key, more in change.items() if more)
    if not moved:
        return
    fresh = _unknown(tx, [key for key, more in moved if more > 0])
    counts = [{"owner": owner, "word": word, "more": more} for (owner, word), more in moved]
    tx.execute(_COUNT, counts)
    if fresh:
        tx.execute(_ADD_GRAM, [_gram(*key, gram) for key in fresh for gram in sorted(grams(key[1]))])
    for owner, words in _by_owner(key for key, more in moved if more < 0).items():
        gone = sorted(tx.execute(_GONE, {"owner": owner, "words": words}).scalars())
        if gone:
            tx.execute(_DROP_GRAM, [_gram(owner, word, gram) for word in gone for gram in sorted(grams(word))])


def _unknown(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for owner, words in _by_owner(keys).items():
        known |= {(owner, word) for word in tx.execute(_KNOWN, {"owner": owner, "words": words}).scalars()}
    return [key for key in keys if key not in known]


def _by_owner(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for owner, word in keys:
        found.setdefault(owner, []).append(word)
    return found


def _gram(owner: str, word: str, gram: str) -> dict[str, str]:
    return {"owner": owner, "gram": gram, "word": word}
