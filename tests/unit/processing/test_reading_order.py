"""The order in which a reader takes what stands on a page."""

import pytest

from filemill.processing.steps.reading_order import Piece, lines_of

LONG = "a line of prose that is long enough to be one of a column"


def piece(text: str, left: float, top: float, right: float, bottom: float, down: float = 0.0) -> Piece:
    """A piece by its box in pixels; `down`: how much lower its right end is."""
    return Piece(text, ((left, top), (right, top + down), (right, bottom + down), (left, bottom)))


def words(*pieces: Piece, turns: int = 0, size: tuple[int, int] = (1000, 1000)) -> list[str]:
    """The lines alone."""
    return [text for text, _ in lines_of(list(pieces), *size, quarter_turns=turns)]


def test_row_when_a_label_stands_far_from_its_value_then_they_are_one_line() -> None:
    """`Total` and its amount, cells of a table: a line that search and ai can read."""
    assert words(piece("9.50", 900, 12, 960, 42), piece("Total", 40, 10, 120, 40)) == ["Total 9.50"]


def test_row_when_two_long_pieces_are_far_apart_then_they_are_two_lines() -> None:
    """Columns of prose are not mixed within a line."""
    assert words(piece(LONG, 550, 10, 960, 40), piece(LONG + " left", 40, 10, 450, 40)) == [LONG + " left", LONG]


def test_lines_when_there_is_a_gap_then_an_empty_line_parts_paragraphs() -> None:
    """Chunks end there."""
    assert words(piece("b", 40, 60, 90, 90), piece("c", 40, 200, 90, 230), piece("a", 40, 10, 90, 40)) == [
        "a",
        "b",
        "",
        "c",
    ]


def test_row_when_the_page_runs_down_then_its_ends_are_one_line() -> None:
    """Two degrees on the glass: the right end of a row lies lower than the row below it began."""
    pieces = [
        piece(f"{side}{row}", left, 100 + row * 30 + left * 0.04, left + 300, 126 + row * 30 + left * 0.04, down=12)
        for row in range(3)
        for side, left in (("l", 50), ("r", 650))
    ]
    assert words(*pieces) == ["l0 r0", "l1 r1", "l2 r2"]


@pytest.mark.parametrize(
    ("turns", "first", "second"),
    [
        (0, (100, 50, 700, 90), (100, 120, 700, 160)),
        (1, (910, 100, 950, 700), (840, 100, 880, 700)),
        (2, (300, 910, 900, 950), (300, 840, 900, 880)),
        (3, (50, 300, 90, 900), (120, 300, 160, 900)),
    ],
)
def test_page_when_it_lies_turned_then_its_top_comes_first_and_boxes_stay(
    turns: int, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    """The boxes are those on the picture as it is shown."""
    lines = lines_of([piece("second", *second), piece("first", *first)], 1000, 1000, quarter_turns=turns)
    assert [text for text, _ in lines] == ["first", "second"]
    assert lines[0][1] == tuple(side / 1000 for side in first)


def test_lines_when_there_are_none_then_there_is_nothing() -> None:
    """A page of noise."""
    assert words() == []
