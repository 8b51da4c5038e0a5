"""The subject: joining pages, cutting at a cap."""

import pytest

from filemill.ai.capabilities.subject import Page, Subject

THREE = Subject("f", "x", "text/plain", 0, (Page(1, "alpha"), Page(2, ""), Page(4, "beta gamma")))


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
