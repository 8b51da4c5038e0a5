"""Search: what a word is, what a query means, and that no text is ever syntax."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from filemill.metadata.search.finder import HIGHLIGHT_CHARACTERS, HIGHLIGHTS_MOST, highlights
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.indexer import kinds_of
from filemill.metadata.search.query import Filters, Term, parse, positive
from filemill.metadata.search.text_index import IndexEntry
from filemill.metadata.search.words import WORD_MOST_CHARACTERS, fold, placed_words, words

ADA = Filters("ada")
INDEX = Fts5Index()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, World! 42", ["hello", "world", "42"]),
        ("Café CAFE cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("re\u0301sume\u0301 résumé", ["resume", "resume"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("snake_case kebab-case a.b", ["snake", "case", "kebab", "case", "a", "b"]),
        ("İstanbul", ["istanbul"]),
        ("ﬁle ½", ["file", "12"]),
        ("東京都", ["東京", "京都"]),
        ("車", ["車"]),
        ("使用Python编程", ["使用", "python", "编程"]),
        ("iPhone手机", ["iphone", "手机"]),
        ("o=forged marks:x", ["o", "forged", "marks", "x"]),
        ("x" * 100, ["x" * WORD_MOST_CHARACTERS]),
        ("", []),
        (" \x00\n!?", []),
    ],
)
def test_words_when_a_text_is_cut_then_case_accents_and_signs_do_not_matter(text: str, found: list[str]) -> None:
    """One tokenizer for index and queries, in any script and any normal form."""
    assert words(text) == found


@given(st.text(max_size=80))
def test_placed_words_when_it_is_any_text_then_places_are_in_it_and_words_hold_no_mark(text: str) -> None:
    """A highlight never points outside the text, and no text can forge a mark."""
    for word in placed_words(text):
        assert 0 <= word.start < word.end <= len(text)
        assert word.text
        assert "=" not in word.text
        assert " " not in word.text
        assert fold(word.text) == word.text


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("two words", [Term(("two",)), Term(("words",))]),
        ('"a phrase" rest', [Term(("a", "phrase")), Term(("rest",))]),
        ('"unclosed phrase', [Term(("unclosed", "phrase"))]),
        ("inv*", [Term(("inv",), prefix=True)]),
        ("-not", [Term(("not",), without=True)]),
        ('-"not this"', [Term(("not", "this"), without=True)]),
        ("INV-2025-0417", [Term(("inv", "2025", "0417"))]),
        ("a AND b", [Term(("a",)), Term(("and",)), Term(("b",))]),
        ('"" - * "', []),
    ],
)
def test_parse_when_people_type_then_it_means_what_they_mean(query: str, terms: list[Term]) -> None:
    """Words, phrases, prefixes, exclusions; the rest is just words."""
    assert parse(query) == terms


def test_positive_when_everything_is_excluded_then_there_is_nothing_to_find() -> None:
    """A query of exclusions alone is not "everything else"."""
    assert positive(parse("-a -b")) == []


@pytest.fixture(scope="module")
def index() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        INDEX.create(connection)
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
            INDEX.put(connection, IndexEntry(doc_id, fields, owner, ("text", "text/plain"), tags, "processed"))
        yield connection
    engine.dispose()


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
        ("fox", Filters("ada", tag="Slow Ones"), [2]),
        ("fox", Filters("ada", tag="slow"), []),
        ("fox", Filters("ada", kind="text/plain", status="processed"), [2, 1]),
        ("fox", Filters("ada", kind="pdf"), []),
        ("fox", Filters("ada", since=2), [2]),
        ("fox", Filters("ada", until=2), [1]),
        ("file2", ADA, [2]),
        ("x" * 300, ADA, []),
    ],
)
def test_newest_when_it_is_asked_then_terms_and_filters_hold(
    index: Connection, query: str, filters: Filters, found: list[int]
) -> None:
    """The index finds what the query means, of this owner only, newest first."""
    assert INDEX.newest(index, parse(query), filters, 10, None) == found


def test_ranked_when_there_are_more_than_are_ranked_then_it_says_so(index: Connection) -> None:
    """Scores are positive, the best first, and a bound on the ranking is admitted."""
    best, more = INDEX.ranked(index, parse("fox"), ADA, 10, 10)
    assert [doc_id for doc_id, _ in best] == [1, 2]
    assert best[0][1] >= best[1][1]
    assert more is False
    newest_only, more = INDEX.ranked(index, parse("fox"), ADA, 10, 1)
    assert ([doc_id for doc_id, _ in newest_only], more) == ([2], True)


def test_put_when_an_entry_changes_then_the_old_words_are_gone(index: Connection) -> None:
    """Replacing is exact; removing twice does no harm."""
    INDEX.put(index, IndexEntry(9, {"text": ["before"]}, "zoe", (), (), "processed"))
    INDEX.put(index, IndexEntry(9, {"text": ["after"]}, "zoe", (), (), "processed"))
    assert INDEX.newest(index, parse("before"), Filters("zoe"), 10, None) == []
    assert INDEX.newest(index, parse("after"), Filters("zoe"), 10, None) == [9]
    INDEX.remove(index, 9)
    INDEX.remove(index, 9)
    assert INDEX.newest(index, parse("after"), Filters("zoe"), 10, None) == []


NAUGHTY = [
    '"', '""', '"""', "*", "**", "-", "--", "^", ":", "{}", "(", ")", "((", "NEAR", "NEAR(a b, 5)", "AND", "OR NOT", "a AND",
    "marks : x", "{name} : a", "text:a", "a + b", "col1:*", "'", "'; DROP TABLE documents; --", "\\", "%", "_", "\x00a\x00",
    "=", "o=1", "🎉", "\u202e", "a" * 1000, "(" * 500, '"' * 500, " ".join("-" + "x" * n for n in range(1, 40)) + " fox",
    " ".join(f"w{n}" for n in range(100)), "𞤀𞤁", "ꓸ", "\u0345", "ͅ a",
]  # fmt: skip


@pytest.mark.parametrize("query", NAUGHTY, ids=range(len(NAUGHTY)))
def test_search_when_the_query_is_naughty_then_no_error_and_nothing_of_others(index: Connection, query: str) -> None:
    """FTS syntax is inert: it cannot fail, widen the search or name a column."""
    terms = parse(query)
    for found in (
        INDEX.newest(index, terms, ADA, 10, None),
        [one for one, _ in INDEX.ranked(index, terms, ADA, 10, 5)[0]],
    ):
        assert set(found) <= {1, 2, 3}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.sampled_from(['"{}"', "{}*", "-{} fox", "{}", '-"{}" {}']))
def test_search_when_the_query_is_anything_then_no_error(index: Connection, text: str, pattern: str) -> None:
    """Whatever is typed, the database never complains."""
    INDEX.newest(index, parse(pattern.replace("{}", text)), ADA, 10, None)


def test_highlights_when_words_match_then_pieces_around_them_with_the_match_marked() -> None:
    """Original spelling, at most three pieces, none longer than promised."""
    text = "Wort " * 100 + "the CAFÉ\nis open" + " word" * 100
    (piece,) = highlights(text, parse("cafe"))
    assert "the **CAFÉ** is" in piece
    assert len(piece) <= HIGHLIGHT_CHARACTERS + 20
    assert len(highlights("fox " * 500, parse("fox"))) == HIGHLIGHTS_MOST
    assert highlights("quickly", parse("quick*")) == ["**quickly**"]
    assert highlights("nothing here", parse("fox")) == []


@pytest.mark.parametrize(
    ("content_type", "family"),
    [
        ("application/pdf", "pdf"), ("image/png", "image"), ("text/csv", "table"), ("message/rfc822", "mail"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "table"), ("application/x-odd", "other"),
        ("application/vnd.oasis.opendocument.text", "document"), ("video/mp4", "video"), ("text/plain", "text"),
    ],
)  # fmt: skip
def test_kinds_of_when_a_type_is_asked_for_then_its_family_comes_first(content_type: str, family: str) -> None:
    """`type=image` and `type=image/png` both find a PNG."""
    kinds = kinds_of(content_type)
    assert kinds[0] == family
    assert content_type in kinds
