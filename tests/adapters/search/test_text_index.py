"""One suite for every word index: what it finds, and that no text is ever syntax."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.metadata.search import postgresql_blocks
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.impacts import weigh
from filemill.metadata.search.postgresql_index import PostgresqlIndex
from filemill.metadata.search.query import Filters, Term, parse, understood
from filemill.metadata.search.ranking import ranked
from filemill.metadata.search.text_index import IndexEntry, TextIndex
from filemill.metadata.search.words import words
from support.servers.postgresql import PostgreSql

ADA = Filters("ada")


@dataclass(frozen=True, slots=True)
class Index:
    """A word index in a database of its own."""

    database: Database
    inner: TextIndex

    async def put(self, entry: IndexEntry) -> None:
        await self.database.write("test", self.inner.put, [entry])

    async def remove(self, doc_id: int) -> None:
        await self.database.write("test", self.inner.remove, [doc_id])

    async def newest(self, terms: list[Term], filters: Filters, limit: int, before: int | None) -> list[int]:
        return await self.database.read(self.inner.newest, terms, filters, limit, before)

    async def weighed(self, terms: list[Term], known: dict[int, str] | None = None) -> dict[int, str]:
        return await self.database.read(self.inner.weighed, terms, ADA, 10, known=known or {})

    async def ranked(
        self, terms: list[Term], filters: Filters, limit: int, among: int
    ) -> tuple[list[tuple[int, float]], bool]:
        best, looked_at, _ = await self.database.read(ranked, self.inner, terms, filters, among)
        return best[:limit], looked_at is not None


def entry(doc_id: int, fields: dict[str, list[str]], owner: str, tags: tuple[str, ...] = ()) -> IndexEntry:
    """As the indexer makes them, in English."""
    weighed = weigh(fields, ["en"])
    return IndexEntry(
        doc_id, fields, owner, ("text", "text/plain"), tags, "processed",
        tuple(weighed.stems), tuple(weighed.about), weighed.impacts,
    )  # fmt: skip


@pytest.fixture(params=["fts5", pytest.param("postgresql", marks=pytest.mark.servers)])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    if request.param == "fts5":
        made = Index(open_sqlite(tmp_path / "index.db"), Fts5Index())
    else:
        server: PostgreSql = request.getfixturevalue("postgresql_server")
        made = Index(open_postgresql(server.fresh_database(), "test"), PostgresqlIndex())
    for _ in range(2):  # every start creates it anew
        await made.database.write("test", made.inner.create)
    for doc_id, (owner, text, tags) in enumerate(
        [
            ("ada", "the quick brown fox", ("animals",)),
            ("ada", "the slow brown bear and the fox", ("animals", "Slow Ones")),
            ("ada", "quickly done", ()),
            ("bob", "the quick brown fox", ("animals",)),
        ],
        start=1,
    ):
        fields = {"name": words(f"file{doc_id}.txt"), "text": words(text), "tags": words(" ".join(tags))}
        await made.put(entry(doc_id, fields, owner, tags))
    yield made
    await made.database.close()


@pytest.mark.parametrize(
    ("query", "filters", "found"),
    [
        ("fox", ADA, [2, 1]),
        ("quick", ADA, [1]),
        ("quick*", ADA, [3, 1]),
        ('"brown fox"', ADA, [1]),
        ('"brown fo*"', ADA, []),
        ("fox -quick", ADA, [2]),
        ("fox -fox", ADA, []),
        ("fox", Filters("bob"), [4]),
        ("fox", Filters("eve"), []),
        ("fox", Filters("ada", tags=("Slow Ones",)), [2]),
        ("fox", Filters("ada", tags=("slow",)), []),
        ("fox", Filters("ada", kinds=("text/plain",), statuses=("processed",)), [2, 1]),
        ("fox", Filters("ada", kinds=("pdf",)), []),
        ("fox", Filters("ada", since=2), [2]),
        ("fox", Filters("ada", until=2), [1]),
        ("fox", Filters("ada", tags=("animals", "Slow Ones")), [2]),
        ("quick OR slow", ADA, [2, 1]),
        ("-quick", Filters("ada", tags=("animals",)), [2]),
        ('-"brown bear"', Filters("ada", kinds=("text",)), [3, 1]),
        ("quick OR quickly OR slow", ADA, [3, 2, 1]),
        ('done OR "brown bear"', ADA, [3, 2]),
        ('done OR "bear brown"', ADA, [3]),
        ("fox quick OR slow", ADA, [2, 1]),
        ("quick OR slow fox -bear", ADA, [1]),
        ("done OR qui*", ADA, [3, 1]),
        ('"quick brown" OR "slow brown" fox OR done', ADA, [2, 1]),
        ("quick or slow", ADA, []),
        ("file2", ADA, [2]),
        ("x" * 300, ADA, []),
    ],
)
async def test_newest_when_it_is_asked_then_terms_and_filters_hold(
    index: Index, query: str, filters: Filters, found: list[int]
) -> None:
    """The index finds what the query means, of this owner only, newest first."""
    assert await index.newest(parse(query), filters, 10, None) == found


async def test_ranked_when_there_are_more_than_are_ranked_then_it_says_so(index: Index) -> None:
    """Scores are positive, the best first, and a bound on the ranking is admitted."""
    best, more = await index.ranked(parse("fox"), ADA, 10, 10)
    assert [doc_id for doc_id, _ in best] == [1, 2]
    assert best[0][1] >= best[1][1]
    assert more is False
    newest_only, more = await index.ranked(parse("fox"), ADA, 10, 1)
    assert ([doc_id for doc_id, _ in newest_only], more) == ([2], True)


async def test_ranked_when_the_only_good_answer_is_the_oldest_of_many_then_it_comes_first(index: Index) -> None:
    """What is about the words is looked at before what merely holds them, however old it is."""
    many = [entry(number, {"text": ["harvest", "report", f"word{number}"]}, "zoe") for number in range(101, 400)]
    best = entry(100, {"title": ["harvest", "report"], "text": ["harvest"]}, "zoe")
    await index.database.write("test", index.inner.put, [*many, best])
    found, more = await index.ranked(parse("harvest report"), Filters("zoe"), 3, 50)
    assert found[0][0] == 100
    assert more is True  # of those that merely hold the words, the newest were looked at


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("invoices", [23, 22, 21]), ("invoice", [23, 22, 21]), ("invoiced", [23, 22, 21]), ('"invoice"', [21]),
        ('"the invoice"', [21]), ('"the invoices"', []), ("paying", [23]), ("-invoice paid", []),
        ("paid OR invoicing", [23, 22, 21]),
        ('"paid invoiced"', [23]),
    ],
)  # fmt: skip
async def test_newest_when_a_word_has_other_forms_then_they_are_found_and_quotes_are_exact(
    index: Index, query: str, found: list[int]
) -> None:
    """Forms by the rules of the language; a phrase, or one word in quotes, is exactly that."""
    texts = {21: "the invoice", 22: "invoices", 23: "pays, was paid, paid invoiced paying"}
    await index.database.write(
        "test", index.inner.put, [entry(key, {"text": words(text)}, "zoe") for key, text in texts.items()]
    )
    assert await index.newest(understood(parse(query), ["en"]), Filters("zoe"), 10, None) == found


async def test_newest_when_entries_come_out_of_order_in_many_blocks_then_the_order_is_that_of_the_keys(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL asks block by block; what is found, and in which order, is the same, in both directions, page by page."""
    monkeypatch.setattr(postgresql_blocks, "ENTRIES", 7)
    keys = [(number * 37) % 401 + 1000 for number in range(401)]
    for at in range(0, len(keys), 50):
        batch = [
            entry(key, {"text": ["all", "odd" if key % 2 else "even", *["rare"] * (key == 1003)]}, "zoe")
            for key in keys[at : at + 50]
        ]
        await index.database.write("test", index.inner.put, batch)
    for query, wanted in (("all", keys), ("odd", [key for key in keys if key % 2]), ("rare", [1003]), ("none", [])):
        for oldest_first in (False, True):
            seen: list[int] = []
            while page := await index.database.read(
                index.inner.newest,
                parse(query),
                Filters("zoe"),
                33,
                seen[-1] if seen else None,
                oldest_first=oldest_first,
            ):
                seen += page
            assert seen == sorted(wanted, reverse=not oldest_first)


async def test_weighed_when_an_entry_is_of_an_older_program_then_its_impacts_are_as_they_were(index: Index) -> None:
    """On PostgreSQL they stood in a table of their own, where an older program beside this one still finds all."""
    whole = await index.weighed(parse("fox"))
    assert list(whole) == [2, 1]
    assert "file2:" in whole[2]
    if isinstance(index.inner, PostgresqlIndex):
        await index.database.write("test", _as_an_older_program_left_it)
    assert await index.weighed(parse("fox")) == whole
    assert await index.weighed(parse("fox"), known={2: "known"}) in (whole, whole | {2: "known"})
    assert await index.database.read(index.inner.impacts, [1, 2]) == whole


def _as_an_older_program_left_it(tx: Tx) -> None:
    assert tx.exec_driver_sql("SELECT count(*) FROM word_index JOIN word_impacts USING (doc_id)").scalar_one() == 4
    tx.exec_driver_sql("UPDATE word_index SET impacts = NULL WHERE doc_id = 2")


async def test_put_when_an_entry_changes_then_the_old_words_are_gone(index: Index) -> None:
    """Replacing is exact; removing twice does no harm."""
    await index.put(IndexEntry(9, {"text": ["before"]}, "zoe", (), (), "processed"))
    await index.put(IndexEntry(9, {"text": ["after"]}, "zoe", (), (), "processed"))
    assert await index.newest(parse("before"), Filters("zoe"), 10, None) == []
    assert await index.newest(parse("after"), Filters("zoe"), 10, None) == [9]
    await index.remove(9)
    await index.remove(9)
    assert await index.newest(parse("after"), Filters("zoe"), 10, None) == []


NAUGHTY = [
    '"', '""', '"""', "*", "**", "-", "--", "^", ":", "{}", "(", ")", "((", "NEAR", "NEAR(a b, 5)", "AND", "OR NOT", "a AND",
    "marks : x", "{name} : a", "text:a", "a + b", "col1:*", "'", "'; DROP TABLE documents; --", "\\", "%", "_", "\x00a\x00",
    "OR", "OR OR", "a OR", "OR a", "a OR OR b", "a OR -b", "-a OR b", '"a b" OR',
    "=", "o=1", "🎉", "\u202e", "a" * 1000, "(" * 500, '"' * 500, " ".join("-" + "x" * n for n in range(1, 40)) + " fox",
    " OR ".join("x" * n for n in range(1, 60)),
    " ".join(f"w{n}" for n in range(100)), "𞤀𞤁", "ꓸ", "\u0345", "ͅ a",
]  # fmt: skip


async def test_search_when_the_query_is_naughty_then_no_error_and_nothing_of_others(index: Index) -> None:
    """Search syntax is inert: it cannot fail, widen the search or name a column."""
    for terms in map(parse, NAUGHTY):
        newest = await index.newest(terms, ADA, 10, None)
        best, _ = await index.ranked(terms, ADA, 10, 5)
        assert set(newest) | {doc_id for doc_id, _ in best} <= {1, 2, 3}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.sampled_from(['"{}"', "{}*", "-{} fox", "{}", '-"{}" {}']))
async def test_search_when_the_query_is_anything_then_no_error(index: Index, text: str, pattern: str) -> None:
    """Whatever is typed, the database never complains."""
    await index.newest(parse(pattern.replace("{}", text)), ADA, 10, None)


async def test_put_when_a_text_is_huge_then_it_is_found_by_its_first_words(index: Index) -> None:
    """A text beyond what an index entry holds is kept, and found by what stands early in it."""
    many = [f"word{number}" for number in range(200_000)]
    await index.put(IndexEntry(7, {"text": many}, "zoe", (), (), "processed"))
    assert await index.newest(parse('"word1 word2"'), Filters("zoe"), 10, None) == [7]


async def test_forget_when_entries_were_removed_then_their_words_leave_the_pages(index: Index) -> None:
    """In steps that end; those that stayed are found as before."""
    for doc_id in range(100, 400):
        await index.put(IndexEntry(doc_id, {"text": ["zyzzyva", f"word{doc_id}"]}, "ada", (), (), "processed"))
    for doc_id in range(100, 399):
        await index.remove(doc_id)
    steps = 0
    while await index.database.write("test", index.inner.forget):
        steps += 1
        assert steps < 100
    assert await index.newest([Term(("zyzzyva",))], ADA, 10, None) == [399]
    assert await index.newest([Term(("fox",))], ADA, 10, None) == [2, 1]
    if isinstance(index.inner, Fts5Index):
        assert await index.database.read(_pages_with, b"word39") == 1
        assert await index.database.read(_pages_with, b"word150") == 0


async def test_has_to_forget_when_an_entry_was_removed_then_until_a_pass_has_ended(index: Index) -> None:
    """Not after a change of one: a start is no reason to write the whole index anew. PostgreSQL does all of it itself."""
    is_ours = isinstance(index.inner, Fts5Index)
    await index.put(entry(1, {"text": words("another fox")}, "ada"))
    await index.remove(999)
    assert not await index.database.read(index.inner.has_to_forget)
    await index.remove(1)
    assert await index.database.read(index.inner.has_to_forget) == is_ours
    while await index.database.write("test", index.inner.forget):
        assert await index.database.read(index.inner.has_to_forget)
    assert not await index.database.read(index.inner.has_to_forget)


async def test_create_when_an_older_program_did_not_note_what_it_removed_then_there_is_a_pass(tmp_path: Path) -> None:
    """One, at the first start of this one."""
    database, inner = open_sqlite(tmp_path / "index.db"), Fts5Index()
    await database.write("test", inner.create)
    await database.write("test", lambda tx: tx.exec_driver_sql("DROP TABLE words_to_forget"))
    await database.write("test", inner.create)
    assert await database.read(inner.has_to_forget)
    await database.close()


def _pages_with(tx: Tx, word: bytes) -> int:
    found = tx.exec_driver_sql("SELECT count(*) FROM word_index_data WHERE instr(block, ?) > 0", (word,))
    return int(found.scalar_one())
