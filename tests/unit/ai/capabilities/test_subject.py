"""The subject: joining pages, mapping spans, cutting at a cap."""

import pytest

from filemill.ai.capabilities.subject import Page, Span, Subject

THREE = Subject("f", "x", "text/plain", 0, (Page(1, "alpha"), Page(2, ""), Page(4, "beta gamma")))


def test_locate_when_the_span_is_on_a_later_page_then_it_is_relative_to_that_page() -> None:
    """A place in the joined text maps to the page's own number and offsets."""
    start = THREE.text.index("gamma")
    assert THREE.locate(start, start + 5) == Span(4, 5, 10)


def test_locate_when_the_span_crosses_a_page_then_it_ends_with_its_page() -> None:
    """A span never runs over a page's end."""
    assert THREE.locate(3, 12) == Span(1, 3, 5)


def test_locate_for_every_word_of_every_page_then_the_text_is_the_same() -> None:
    """Joined text and pages agree about every character."""
    for start in range(len(THREE.text)):
        span = THREE.locate(start, start + 1)
        page = next(page for page in THREE.pages if page.number == span.page)
        assert page.text[span.start : span.end] in {THREE.text[start], ""}


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (0, 10_000)])
def test_locate_when_the_span_is_outside_then_it_is_refused(start: int, end: int) -> None:
    """A span that is not in the text is a bug of the caller, not a guess."""
    with pytest.raises(ValueError, match="outside the text"):
        THREE.locate(start, end)


@pytest.mark.parametrize("limit", [0, 1, 5, 6, 7, 8, 12, 17, 100])
def test_beginning_when_cut_then_it_is_the_beginning_of_the_text(limit: int) -> None:
    """A cut subject holds the first characters and never more than asked for."""
    cut = THREE.beginning(limit)
    assert cut.characters <= max(limit, 0)
    assert THREE.text.startswith(cut.text)
    assert cut.characters == len(cut.text)


def test_characters_when_there_are_no_pages_then_it_is_zero() -> None:
    """A file without text is a subject like any other."""
    nothing = Subject("f", "x", "image/png", 10)
    assert (nothing.text, nothing.characters, nothing.language) == ("", 0, None)
