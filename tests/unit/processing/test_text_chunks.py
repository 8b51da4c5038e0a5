"""Chunks for retrieval: they cover the text, their spans are exact, they end where a reader would pause."""

from hypothesis import example, given
from hypothesis import strategies as st

from filemill.processing.steps.text_chunks import CHUNK_MAX_CHARACTERS, chunks_of
from filemill.processing.steps.text_pages import Box, Line, Page, clean, page_of_lines

words = st.text(alphabet=" \n.abcé。!?\u00a0\u2003𝒳", max_size=60)
texts = st.lists(words, max_size=120).map("".join)


@given(st.lists(texts, max_size=4))
@example(["x" * 5000])
@example([("A sentence ends. " * 200), "\n\n".join(["a paragraph"] * 300)])
def test_chunks_when_cut_from_any_text_then_they_cover_it(pages: list[str]) -> None:
    """Every character but blanks between chunks is in exactly one chunk, in order, and no chunk is too large."""
    given_pages = [Page(number, clean(text)) for number, text in enumerate(pages, start=1)]
    found = list(chunks_of(given_pages))
    assert found == list(chunks_of(given_pages))
    for page in given_pages:
        mine = [chunk for chunk in found if chunk.page == page.number]
        at = 0
        for chunk in mine:
            assert page.text[at : chunk.start].strip() == ""
            piece = page.text[chunk.start : chunk.end]
            assert 0 < len(piece) <= CHUNK_MAX_CHARACTERS
            assert piece == piece.strip()
            at = chunk.end
        assert page.text[at:].strip() == ""


def test_chunks_when_the_text_has_paragraphs_then_they_end_there() -> None:
    """A border between paragraphs is better than a later one between sentences."""
    text = "One sentence. " * 40 + "\n\n" + "Another sentence. " * 40
    first, *_ = chunks_of([Page(1, text)])
    assert text[first.start : first.end] == ("One sentence. " * 40).strip()


def test_chunks_when_lines_have_places_then_the_box_is_around_theirs() -> None:
    """A chunk's box holds its own lines and no others."""
    lines = [(f"line {number} " + "x" * 90, Box(0.1, number / 100, 0.9, (number + 1) / 100)) for number in range(20)]
    page = page_of_lines(1, lines)
    first, second, *_ = chunks_of([page])
    count = page.text[: first.end].count("\n") + 1
    assert first.box == Box(0.1, 0.0, 0.9, count / 100)
    assert second.box is not None
    assert second.box.top == count / 100


@given(st.lists(st.tuples(words, st.sampled_from([None, Box(0, 0, 1, 1)])), max_size=30))
def test_page_of_lines_when_made_of_any_lines_then_each_place_is_its_own(lines: list[tuple[str, Box | None]]) -> None:
    """A line's span is exactly its text, and the page reads as the cleaned lines do."""
    page = page_of_lines(1, lines)
    assert [page.text[line.start : line.end] for line in page.lines] == [
        clean(text) for text, box in lines if box is not None and clean(text)
    ]
    assert page.text.split() == clean("\n".join(clean(text) for text, _ in lines)).split()
    assert "\n\n\n\n" not in page.text or any("\n\n\n\n" in clean(text) for text, _ in lines)


def test_page_when_bounded_then_lines_beyond_the_cut_go_too() -> None:
    """No line points behind the end of the text."""
    from filemill.processing.steps.text_pages import bounded

    page = Page(1, "abc\ndef", (Line(0, 3, Box(0, 0, 1, 1)), Line(4, 7, Box(0, 0, 1, 1))))
    kept, cut = bounded([page], max_characters=5)
    assert cut
    assert kept == [Page(1, "abc\nd", page.lines[:1])]
