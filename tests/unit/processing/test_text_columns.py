"""Columns of prose are read one after the other; tables, forms and invoices row by row."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.processing.steps.reading_order import Piece, lines_of
from filemill.processing.steps.text_columns import Placed, in_order
from filemill.processing.steps.text_pages import Box

HEIGHT = 30
PROSE = "a line of prose that fills its column, {}"


def piece(text: str, left: float, top: float, width: float, height: float = HEIGHT) -> Piece:
    """A piece by its place in pixels."""
    right, bottom = left + width, top + height
    return Piece(text, ((left, top), (right, top), (right, bottom), (left, bottom)))


def column(name: str, left: float, top: float, *, lines: int = 8, width: float = 600) -> list[Piece]:
    """Lines below each other; the last one of each paragraph of four is short."""
    return [
        piece(
            PROSE.format(f"{name}{row}"), left, top + 40 * row, width * (0.4 if row % 4 == 3 else 1 - 0.03 * (row % 3))
        )
        for row in range(lines)
    ]


def read(*pieces: Piece) -> list[str]:
    """The lines alone."""
    return [text for text, _ in lines_of(list(pieces), 2000, 2000, quarter_turns=0) if text]


def prose(name: str, lines: int = 8) -> list[str]:
    return [PROSE.format(f"{name}{row}") for row in range(lines)]


@pytest.mark.parametrize("lower", [0, 13], ids=["level", "apart"])
def test_columns_when_they_are_prose_then_one_is_read_after_the_other(lower: int) -> None:
    """Whether their lines are level or not, and with a title across both."""
    title = piece("A title above it all", 100, 40, 1100, 50)
    pieces = [title, *column("l", 100, 200), *column("r", 760, 200 + lower)]
    assert read(*pieces) == ["A title above it all", *prose("l"), *prose("r")]


def test_columns_when_there_are_three_or_one_is_longer_then_each_stays_whole() -> None:
    """The longer one goes on below the others."""
    pieces = [
        *column("a", 60, 100, width=500),
        *column("b", 620, 100, lines=14, width=500),
        *column("c", 1180, 110, width=500),
    ]
    assert read(*pieces) == [*prose("a"), *prose("b", 14), *prose("c")]


def test_columns_when_a_title_stands_between_then_what_is_above_is_read_first() -> None:
    """Both columns above it, then it, then both below."""
    upper, lower = [*column("a", 100, 100), *column("b", 760, 100)], [*column("c", 100, 600), *column("d", 760, 600)]
    between = piece("A title across", 300, 500, 900)
    assert read(*upper, between, *lower) == [*prose("a"), *prose("b"), "A title across", *prose("c"), *prose("d")]


def test_columns_when_the_page_lies_turned_on_the_glass_then_they_are_found() -> None:
    """Two degrees: at the bottom a column begins some letters beside where it began at the top."""
    slope = 0.035

    def turned(one: Piece) -> Piece:
        return Piece(one.text, tuple((x - slope * y, y + slope * x) for x, y in one.corners))

    assert read(*map(turned, [*column("l", 200, 100, lines=20), *column("r", 860, 100, lines=20)])) == [
        *prose("l", 20), *prose("r", 20)
    ]  # fmt: skip


def test_table_when_its_cells_are_short_then_its_rows_stay_rows() -> None:
    """Long descriptions at the left, amounts at the right."""
    pieces = [
        one
        for row in range(12)
        for one in (
            piece(f"Brass valve with a wooden handle, size {row}", 100, 100 + 45 * row, 700),
            piece(str(row), 1000, 100 + 45 * row, 20),
            piece(f"{row},284.50", 1300, 100 + 45 * row, 110),
        )
    ]
    assert read(*pieces) == [f"Brass valve with a wooden handle, size {n} {n} {n},284.50" for n in range(12)]


def test_form_when_names_stand_beside_addresses_then_its_rows_stay_rows() -> None:
    """Two blocks of a letter's head: lines of every length."""
    left = ["Hollow Oak Instruments GmbH", "Weidenweg 12", "10249 Berlin", "Germany", "VAT DE294173069"]
    right = ["Bright Harbour Labs", "Mill Street 4", "Lindenhof", "", "Invoice 4711"]
    pieces = [
        piece(text, at, 100 + 40 * row, 17 * len(text))
        for at, block in ((100, left), (1200, right))
        for row, text in enumerate(block)
        if text
    ]
    assert read(*pieces) == [f"{one} {other}".strip() for one, other in zip(left, right, strict=True)]


PLACES = st.builds(
    piece,
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=50),
    st.integers(0, 1800),
    st.integers(0, 1800),
    st.integers(1, 900),
    st.integers(8, 60),
)
PAGES = st.one_of(
    st.lists(PLACES, max_size=40),
    st.builds(
        lambda gap, lower, noise: [*column("l", 100, 100), *column("r", 700 + gap, 100 + lower), *noise],
        st.integers(0, 120),
        st.integers(0, 60),
        st.lists(PLACES, max_size=3),
    ),
)


@given(PAGES, st.randoms(use_true_random=False))
def test_order_when_the_pieces_come_in_another_one_then_it_is_the_same_and_none_is_lost(
    pieces: list[Piece], chance: object
) -> None:
    """The models find lines in whatever order; each is read exactly once."""
    shuffled = list(pieces)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    told = read(*pieces)
    assert read(*shuffled) == told
    assert Counter("".join(told).replace(" ", "")) == Counter("".join(one.text for one in pieces).replace(" ", ""))


def test_page_when_it_has_a_thousand_boxes_then_few_of_them_are_looked_at_twice() -> None:
    """As many as are ever found, made to look like columns everywhere: the parts of a page are bounded."""
    placed = [
        Placed("word " * 5, Box(0, 0, 1, 1), 400.0 * (at % 5), 400.0 * (at % 5) + 370 - at % 7, 40.0 * (at // 5), 30, 0)
        for at in range(1000)
    ]
    blocks = in_order(placed)
    assert sorted(one for block in blocks for one in block) == sorted(placed)
    assert len(blocks) == 5
