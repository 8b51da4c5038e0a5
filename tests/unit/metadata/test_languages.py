"""Which language a document is in, the stems of its words, and what its words weigh."""

import pytest

from filemill.metadata.search.impacts import ABOUT_TIMES, ENTRIES_MOST, score, weigh
from filemill.metadata.search.languages import USUAL, guess, languages_of
from filemill.metadata.search.query import parse, understood
from filemill.metadata.search.stemming import ALGORITHMS, stem, stems
from filemill.metadata.search.words import words
from support.judged.vocabulary import FILLER


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ("invoice", "invoices", "invoiced", "invoicing")),
        ("en", ("battery", "batteries")),
        ("de", ("Rechnung", "Rechnungen")),
        ("de", ("Bürostuhl", "Bürostühle", "burostuhle")),
        ("fr", ("fenêtre", "fenêtres", "fenetres")),
        ("es", ("factura", "facturas")),
        ("ru", ("книга", "книги", "книгу")),
    ],
)
def test_stem_when_a_word_has_several_forms_then_they_have_one_stem(language: str, forms: tuple[str, ...]) -> None:
    """With accents or without."""
    assert len({stem(word, language) for form in forms for word in words(form)}) == 1


def test_stem_when_there_are_no_rules_then_there_is_none() -> None:
    """Languages without rules, numbers, and words too short to have an ending; every language named has rules."""
    assert stem("hello", "tlh") is None
    assert stem("2025", "en") is None
    assert stem("is", "en") is None
    assert stems("会议", ["zh"]) == set()
    assert all(stem("abcdef", language) for language in ALGORITHMS)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_guess_when_a_text_has_function_words_then_it_is_their_language(language: str) -> None:
    """From texts of a few sentences."""
    assert guess(words(" ".join(FILLER[language][:3]))) == language


def test_languages_of_when_ai_has_said_it_then_that_counts_and_nobody_knowing_means_the_usual() -> None:
    """What ai found is before any guess of ours."""
    found = [{"capability": "language", "state": "done", "result": {"language": "nl"}}]
    assert languages_of(found, words("the house of the rising sun is this")) == ("nl",)
    assert languages_of([], words("the house of the rising sun is this")) == ("en",)
    assert languages_of([], words("IMG 2041 beach")) == USUAL
    assert languages_of([{"capability": "language", "state": "empty"}], []) == USUAL


def test_score_when_a_word_stands_in_the_title_then_it_counts_more_than_in_a_text() -> None:
    """More of it counts more too, and the word itself more than another form of it."""
    in_title = weigh({"title": ["invoice"], "text": ["other"] * 50}, ["en"])
    often = weigh({"text": ["invoice"] * 5 + ["other"] * 45}, ["en"])
    once = weigh({"text": ["invoice"] + ["other"] * 49}, ["en"])
    form = weigh({"title": ["invoices"], "text": ["other"] * 50}, ["en"])
    terms = understood(parse("invoice"), ["en"])
    assert score(in_title.impacts, terms) > score(often.impacts, terms) > score(once.impacts, terms)
    assert score(in_title.impacts, terms) > score(form.impacts, terms) > 0
    assert score(in_title.impacts, parse("invo*")) == score(in_title.impacts, parse("invoice"))


def test_weigh_when_a_text_has_many_words_then_the_line_is_bounded_and_it_is_about_what_it_repeats() -> None:
    """An entry's size does not grow without end."""
    many = [f"word{number}" for number in range(5_000) for _ in range(2)]
    weighed = weigh({"text": many + ["harvest"] * ABOUT_TIMES}, ["en"])
    assert weighed.impacts.count(":") == ENTRIES_MOST
    assert weighed.about == ["harvest"]


def test_understood_when_function_words_stand_beside_others_then_they_need_not_be_there() -> None:
    """But alone, or in quotes, they are looked for."""
    assert [term.side for term in understood(parse("complaints about the printer"), ["en"])] == [
        False,
        False,
        True,
        False,
    ]
    assert [term.side for term in understood(parse("the who"), ["en"])] == [True, False]
    assert [term.side for term in understood(parse("to be or not"), ["en"])] == [False] * 4
    assert [term.side for term in understood(parse('"the" printer'), ["en"])] == [False, False]
