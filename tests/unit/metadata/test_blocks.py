"""The walk over blocks of index entries: the first questions tell how many more entries the next must be about."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from filemill.metadata.search.postgresql_blocks import ENTRIES, FIRST_WINDOW, GROUP, walk
from filemill.metadata.search.text_index import KEY_END

BLOCKS = 61
"""A quarter of a million entries."""


class Index:
    """Entries 0 to a quarter of a million, of which those match that `matches` says; counts what it is asked."""

    def __init__(self, matches: Callable[[int], bool]) -> None:
        self.matching = [key for key in range(BLOCKS * ENTRIES) if matches(key)]
        self.asked_entries: list[int] = []

    def exec_driver_sql(self, _statement: str, values: tuple[int, int]) -> "Index":
        """The ranges of the blocks that hold keys between two."""
        self._begin, self._end = values
        return self

    def all(self) -> list[tuple[Any, ...]]:
        """Block, lowest, highest, how many blocks there are."""
        ranges = [(block, block * ENTRIES, (block + 1) * ENTRIES - 1, BLOCKS) for block in range(BLOCKS)]
        return [one for one in ranges if one[2] >= self._begin and one[1] < self._end]

    def walk(self, limit: int, begin: int = 0, end: int = KEY_END, *, oldest_first: bool = False) -> list[int]:
        """The walk, asking this."""

        def ask(window: str) -> list[int]:
            if window == "'o=ada'":
                chosen = set(range(BLOCKS))
            else:
                chosen = {int(number) for number in re.findall(r"b=(\d+)", window)}
                groups = [int(number) for number in re.findall(r"g=(\d+)", window)]
                chosen |= {block for group in groups for block in range(group * GROUP, (group + 1) * GROUP)}
            self.asked_entries.append(len(chosen & set(range(BLOCKS))) * ENTRIES)
            found = [key for key in self.matching if key // ENTRIES in chosen and begin <= key < end]
            return sorted(found, reverse=not oldest_first)[:limit]

        return walk(self, "o=ada", ask, begin, end, limit, oldest_first=oldest_first)  # type: ignore[arg-type]


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("one_in", [1, 3, 90, 1_000, 50_000, 10**9])
def test_walk_when_matches_are_dense_or_rare_then_it_finds_the_first_ones(one_in: int, oldest_first: bool) -> None:
    """All of them where there are fewer than asked for; never more than all entries and half of them are looked at."""
    index = Index(lambda key: key % one_in == 7 % one_in)
    found = index.walk(2_000, oldest_first=oldest_first)
    assert found == sorted(index.matching, reverse=not oldest_first)[:2_000]
    assert sum(index.asked_entries) <= 1.5 * BLOCKS * ENTRIES


@pytest.mark.parametrize("one_in", [50, 20, 10])
def test_walk_when_the_first_window_has_told_how_dense_matches_are_then_the_second_suffices(one_in: int) -> None:
    """Two questions, about little more entries than it takes; groups bring up to one group too many at each end."""
    index = Index(lambda key: key % one_in == 0)
    index.walk(2_000)
    assert len(index.asked_entries) == 2
    assert sum(index.asked_entries) <= 1.2 * 2_000 * one_in + (FIRST_WINDOW + 2 * GROUP) * ENTRIES


def test_walk_when_only_a_month_is_asked_for_then_no_other_entries_are_looked_at() -> None:
    """Though the month has fewer matches than asked for: all entries are not asked about for the sake of a few blocks."""
    index = Index(lambda key: key % 500 == 0)
    begin, end = 30 * ENTRIES, 37 * ENTRIES
    assert index.walk(2_000, begin, end) == [key for key in reversed(index.matching) if begin <= key < end]
    assert sum(index.asked_entries) <= (7 + 2 * GROUP) * ENTRIES


def test_walk_when_it_takes_most_of_all_entries_then_all_are_asked_about_at_once() -> None:
    """One long question without marks, and its answer is the whole answer."""
    index = Index(lambda key: key % 700 == 0)
    assert len(index.walk(300)) == 300
    assert index.asked_entries == [FIRST_WINDOW * ENTRIES, BLOCKS * ENTRIES]
