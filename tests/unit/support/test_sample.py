"""A sample of the files: the same for the same seed, another for another, and each has its turn."""

import pytest

pytest_plugins = ["pytester"]

FILES = [f"test_{letter}" for letter in "abcdefghij"]


@pytest.fixture
def ran(pytester: pytest.Pytester) -> "Ran":
    """Runs ten files, of which one is marked core."""
    pytester.makepyfile(**dict.fromkeys(FILES, "def test_one(): pass\ndef test_two(): pass"))
    pytester.makepyfile(
        test_core="import pytest\npytestmark = pytest.mark.core\ndef test_one(): pass\ndef test_two(): pass"
    )
    pytester.makeini("[pytest]\nmarkers = core\nasyncio_default_fixture_loop_scope = function\n")
    return Ran(pytester)


class Ran:
    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, *options: str) -> dict[str, int]:
        """How many tests of each file ran."""
        result = self._pytester.inline_run("-p", "support.sample", *options)
        names = [report.nodeid.partition(".")[0] for report in result.getreports("pytest_runtest_logreport")]
        return {name: names.count(name) // 3 for name in names}


def test_sample_when_the_seed_is_the_same_then_so_are_the_files_and_each_is_whole(ran: Ran) -> None:
    """What is marked core is in every one."""
    first = ran("--sample", "3", "--seed", "one")
    assert first == ran("--sample", "3", "--seed", "one")
    assert 4 <= len(first) <= 5
    assert first["test_core"] == 2
    assert set(first.values()) == {2}


def test_sample_when_there_are_many_seeds_then_each_file_has_its_turn(ran: Ran) -> None:
    """And without a sample all run."""
    chosen = {name for seed in range(12) for name in ran("--sample", "3", "--seed", str(seed))}
    assert chosen == {*FILES, "test_core"} == set(ran())
