"""Search: what a word is, what a query means, and that no text is ever syntax."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.metadata.folding import fold
from filemill.metadata.search.entries import kinds_of
from filemill.metadata.search.evidence import HIGHLIGHT_CHARACTERS, HIGHLIGHTS_MOST, Evidence
from filemill.metadata.search.facets import FACETS_AMONG
from filemill.metadata.search.query import Filters, Term, parse, positive
from filemill.metadata.search.ranking import RANKED_AMONG
from filemill.metadata.search.stemming import ALGORITHMS, BEGINS_ANEW, stem
from filemill.metadata.search.words import WORD_MOST_CHARACTERS, placed_words, words

ADA = Filters("ada")


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


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_words_when_a_text_is_ascii_then_the_fast_way_finds_the_same(text: str) -> None:
    """Two ways, one meaning."""
    slow = [word.text for word in placed_words(f"{text} é")]
    assert [*words(text), "e"] == [*(word.text for word in placed_words(text)), "e"] == slow


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
        ("this OR that", [Term(("this",), others=(Term(("that",)),))]),
        (
            'a "b c" OR d* OR e f',
            [Term(("a",)), Term(("b", "c"), others=(Term(("d",), prefix=True), Term(("e",)))), Term(("f",))],
        ),
        ("a OR", [Term(("a",))]),
        ("OR a", [Term(("or",)), Term(("a",))]),
        ("a OR -b", [Term(("a",)), Term(("b",), without=True)]),
        ("-a OR b", [Term(("a",), without=True), Term(("or",)), Term(("b",))]),
        ("a or b", [Term(("a",)), Term(("or",)), Term(("b",))]),
        ('"" - * "', []),
    ],
)
def test_parse_when_people_type_then_it_means_what_they_mean(query: str, terms: list[Term]) -> None:
    """Words, phrases, prefixes, exclusions; the rest is just words."""
    assert parse(query) == terms


def test_positive_when_everything_is_excluded_then_there_is_nothing_to_find() -> None:
    """A query of exclusions alone is not "everything else"."""
    assert positive(parse("-a -b")) == []


def test_highlights_when_words_match_then_pieces_around_them_with_the_match_marked() -> None:
    """Original spelling, at most three pieces, none longer than promised."""
    text = "Wort " * 100 + "the CAFÉ\nis open" + " word" * 100
    (piece,) = Evidence(parse("cafe")).highlights(text)
    assert "the **CAFÉ** is" in piece
    assert len(piece) <= HIGHLIGHT_CHARACTERS + 20
    assert len(Evidence(parse("fox")).highlights("fox " * 500)) == HIGHLIGHTS_MOST
    assert Evidence(parse("quick*")).highlights("quickly") == ["**quickly**"]
    assert Evidence(parse("fox")).highlights("nothing here") == []


@pytest.mark.parametrize("before", range(7_980, 8_020))
def test_highlights_when_a_text_is_cut_to_be_looked_at_then_no_word_is(before: int) -> None:
    """Wherever a word stands around the end of a stretch, it is found whole, once."""
    text = "y" * 10 + " " + "z" * (before - 11) + " fox " + "z" * 9_000
    (piece,) = Evidence(parse("fox")).highlights(text)
    assert piece.count("**fox**") == 1
    assert Evidence(parse("fo")).highlights(text) == []


@pytest.mark.parametrize("language", sorted(set(ALGORITHMS) - BEGINS_ANEW))
def test_stem_when_a_language_keeps_beginnings_then_it_keeps_every_first_letter(language: str) -> None:
    """Words that begin otherwise are never stemmed to find out whether they are another's form."""
    lot = random.Random(3)
    letters = "абвгдежзиклмнопрстуфхцчшщыэюя" if language == "ru" else string.ascii_lowercase
    made = ["".join(lot.choices(letters, k=lot.randrange(3, 10))) for _ in range(1_000)]
    begun = [
        first + second + end for first in letters for second in letters for end in ("ing", "en", "ed", "es", "ами")
    ]
    assert [word for word in [*made, *begun] if (stem(word, language) or word)[0] != word[0]] == []


def test_ranking_when_matches_are_handed_on_then_they_are_enough_for_the_counts() -> None:
    """Facets take the newest matches that ranking has found: at least one more than they count, or all."""
    assert RANKED_AMONG - RANKED_AMONG // 2 >= FACETS_AMONG


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
