"""The walk over blocks of index entries: step by step, as far as it takes, and right whatever order entries came in."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from filemill.metadata.search.postgresql_blocks import ENTRIES, GROUP, NEAR_MOST, walk
from filemill.metadata.search.text_index import KEY_END

BLOCKS = 61
"""A quarter of a million entries."""


class Index:
    """Entries 0 to a quarter of a million, of which those match that `matches` says; counts the entries it looks at.

    `keys`: of the entries, in the order they came; as their numbers, if not given.
    """

    def __init__(self, matches: Callable[[int], bool], keys: list[int] | None = None) -> None:
        self.blocks: dict[int, list[int]] = {}
        for place, key in enumerate(keys or range(BLOCKS * ENTRIES)):
            self.blocks.setdefault(place // ENTRIES, []).append(key)
        self.matching = {block: [key for key in found if matches(key)] for block, found in self.blocks.items()}
        self.all_matching = sorted(key for found in self.matching.values() for key in found)
        self.looked_at = self.steps = self.questions = 0

    def exec_driver_sql(self, _statement: str, ends: tuple[int, int]) -> list[tuple[Any, ...]]:
        """Block, lowest and highest key of the blocks that hold keys within two."""
        ranges = [(block, min(found), max(found), None) for block, found in self.blocks.items()]
        return [one for one in ranges if one[2] >= ends[0] and one[1] < ends[1]]

    def walk(
        self, limit: int, ends: tuple[int, int] = (0, KEY_END), *, oldest_first: bool = False, few: bool = False
    ) -> list[int]:
        """The walk, asking this."""

        def ask(steps: list[str], most: int) -> list[tuple[int, int]]:
            self.questions += 1
            rows: list[tuple[int, int]] = []
            for number, condition in enumerate(steps, 1):
                if len(rows) >= most:
                    break
                chosen = {int(block) for block in re.findall(r"b=(\d+)", condition)}
                for group in re.findall(r"g=(\d+)", condition):
                    chosen |= self.blocks.keys() & set(range(int(group) * GROUP, (int(group) + 1) * GROUP))
                self.steps += 1
                self.looked_at += sum(len(self.blocks[block]) for block in chosen)
                found = [key for block in chosen for key in self.matching[block] if ends[0] <= key < ends[1]]
                rows += [(number, key) for key in sorted(found, reverse=not oldest_first)]
            return rows[:most]

        found = walk(self, "o=ada", ask, ends, limit, oldest_first=oldest_first, few=few)  # type: ignore[arg-type]
        return [row[1] for row in found]


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("one_in", [1, 3, 90, 1_000, 50_000, 10**9])
def test_walk_when_matches_are_dense_or_rare_then_it_finds_the_first_ones(
    one_in: int, oldest_first: bool, few: bool
) -> None:
    """All of them where there are fewer than asked for, in one question, and no entry is looked at twice."""
    index = Index(lambda key: key % one_in == 7 % one_in)
    found = index.walk(2_000, oldest_first=oldest_first, few=few)
    assert found == sorted(index.all_matching, reverse=not oldest_first)[:2_000]
    assert index.questions == 1
    assert index.looked_at <= BLOCKS * ENTRIES


@pytest.mark.parametrize("one_in", [50, 20, 10, 1])
def test_walk_when_enough_is_found_then_no_more_blocks_are_asked_about(one_in: int) -> None:
    """Half as many more as it takes at most, beside a few at the beginning."""
    index = Index(lambda key: key % one_in == 0)
    index.walk(2_000)
    assert index.looked_at <= 1.5 * 2_000 * one_in + 2 * NEAR_MOST * ENTRIES


def test_walk_when_it_goes_through_all_then_it_takes_few_steps() -> None:
    """GIN looks through what it has not sorted in yet for each."""
    index = Index(lambda key: key == 7)
    index.walk(2_000)
    assert index.steps <= 16


def test_walk_when_a_step_costs_much_then_there_are_few() -> None:
    """What begins like a word is gathered anew for each step."""
    index = Index(lambda key: key % 1_000 == 0)
    index.walk(2_000, few=True)
    assert index.steps == 2


def test_walk_when_only_a_month_is_asked_for_then_no_other_entries_are_looked_at() -> None:
    """Though the month has fewer matches than asked for."""
    index = Index(lambda key: key % 500 == 0)
    begin, end = 30 * ENTRIES, 37 * ENTRIES
    assert index.walk(2_000, (begin, end)) == [key for key in reversed(index.all_matching) if begin <= key < end]
    assert index.looked_at == 7 * ENTRIES


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("late", [50, 20_000])
@pytest.mark.parametrize("one_in", [3, 200, 5_000])
def test_walk_when_entries_came_late_then_they_have_their_place(
    one_in: int, late: int, oldest_first: bool, few: bool
) -> None:
    """Entries that are put up to so many places late, and one that is put last of all: blocks reach into one another."""
    chance = random.Random(late)
    count = BLOCKS * ENTRIES // 4
    keys = sorted(range(count), key=lambda key: key + chance.randrange(late))
    keys.append(keys.pop(17))
    index = Index(lambda key: key % one_in == 0, keys)
    for limit in (1, 50, 700):
        found = index.walk(limit, oldest_first=oldest_first, few=few)
        assert found == sorted(index.all_matching, reverse=not oldest_first)[:limit]
