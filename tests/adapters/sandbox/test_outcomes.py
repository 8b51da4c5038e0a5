"""How a run ends, for each way a parser can go wrong."""

# ruff: noqa: ASYNC240  small folders on a local disk; waiting for a condition

import asyncio
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.sandbox import Limits, Sandbox

MIB = 1 << 20


async def test_memory_when_eaten_then_the_run_is_out_of_memory(attempt: Any) -> None:
    """A memory bomb ends at its limit."""
    outcome = await attempt("memory", limits=Limits(memory_bytes=256 * MIB))
    assert (outcome.state, outcome.code) == ("out-of-memory", "out-of-memory")
    assert outcome.peak_rss_bytes < 400 * MIB
    assert "256 MiB" in outcome.detail


async def test_memory_when_a_native_library_aborts_for_it_then_the_run_is_out_of_memory(attempt: Any) -> None:
    """A library that aborts after a failed allocation is told apart from one that crashed."""
    assert (await attempt("native_memory")).state == "out-of-memory"


async def test_memory_when_spread_over_helpers_then_their_sum_is_limited(attempt: Any) -> None:
    """Five processes of 60 MiB do not fit in 128 MiB although each does."""
    outcome = await attempt("group_memory", limits=Limits(memory_bytes=128 * MIB, processes=8, wall_s=10))
    assert outcome.state == "out-of-memory"


async def test_fork_when_no_programs_are_allowed_then_it_is_refused(attempt: Any) -> None:
    """Without helper programs a child cannot fork at all."""
    outcome = await attempt("fork_bomb")
    assert (outcome.state, outcome.result) == ("ok", {"got": 0})


async def test_fork_bomb_when_programs_are_allowed_then_it_is_bounded_and_leaves_nothing(
    attempt: Any, sandbox: Sandbox
) -> None:
    """A fork bomb meets its limit, ends with its group at the deadline, and the next run works."""
    outcome = await attempt("endless_fork_bomb", limits=Limits(processes=1, wall_s=1, memory_bytes=8 << 30))
    assert outcome.state == "timeout"
    assert (await attempt("nothing")).state == "ok"


async def test_threads_when_started_without_end_then_they_are_bounded(attempt: Any) -> None:
    """Threads end at the memory or process limit."""
    outcome = await attempt("thread_bomb")
    assert outcome.state in {"ok", "out-of-memory"}
    if outcome.state == "ok":
        assert outcome.result["got"] < 200


@pytest.mark.parametrize("name", ["spin", "spin_ignoring"])
async def test_loop_when_it_burns_processor_time_then_the_cpu_limit_ends_it(attempt: Any, name: str) -> None:
    """An endless loop ends by its processor time, also when it ignores the warning signal."""
    outcome = await attempt(name, limits=Limits(cpu_s=1, wall_s=30))
    assert (outcome.state, outcome.code) == ("timeout", "cpu-limit")


async def test_hang_when_it_ignores_every_signal_then_the_wall_limit_ends_it(attempt: Any) -> None:
    """A sleeping child that ignores SIGTERM is killed at its deadline."""
    outcome = await attempt("hang", limits=Limits(wall_s=0.3))
    assert (outcome.state, outcome.code) == ("timeout", "wall-limit")
    assert outcome.duration_ms < 2000


@pytest.mark.parametrize("name", ["big_file", "big_file_ignoring"])
async def test_output_when_a_file_grows_too_large_then_the_run_ends(attempt: Any, name: str) -> None:
    """A file above the limit ends the run as output-too-large."""
    outcome = await attempt(name, limits=Limits(file_bytes=2 * MIB))
    assert outcome.state == "output-too-large"


@pytest.mark.parametrize("name", ["big_result", "endless_progress"])
async def test_answer_when_it_is_too_long_then_the_run_ends(attempt: Any, name: str) -> None:
    """A result or a stream of progress beyond its bound does not fill our memory."""
    assert (await attempt(name)).state == "output-too-large"


async def test_answer_when_garbage_is_written_to_the_channel_then_it_is_ignored(attempt: Any) -> None:
    """Lines that are not ours are dropped; the client stays well."""
    assert (await attempt("forged_lines")).result == {"got": "survived"}


async def test_stderr_when_flooded_then_it_is_bounded(attempt: Any) -> None:
    """Standard error is kept to a few kilobytes."""
    assert (await attempt("noisy_stderr")).result == {"got": "stopped"}


async def test_crash_when_a_library_segfaults_then_the_signal_is_named(attempt: Any) -> None:
    """A segmentation fault is a crash of this file, not of the service."""
    outcome = await attempt("segfault")
    assert (outcome.state, outcome.code) == ("crashed", "crashed-sigsegv")


@pytest.mark.parametrize("name", ["exit_quietly", "exit_loudly"])
async def test_exit_when_without_an_answer_then_it_is_a_crash(attempt: Any, name: str) -> None:
    """Ending without an answer is never taken for success."""
    outcome = await attempt(name)
    assert (outcome.state, outcome.code) == ("crashed", "crashed-without-answer")


async def test_error_when_coded_then_code_and_sentence_arrive(attempt: Any) -> None:
    """What an entry says about a file reaches the caller word for word."""
    outcome = await attempt("coded_error")
    assert (outcome.state, outcome.code, outcome.detail) == (
        "failed",
        "unreadable-image",
        "The picture could not be decoded.",
    )


@pytest.mark.parametrize("name", ["plain_error", "not_json"])
async def test_error_when_unexpected_then_its_message_stays_inside(attempt: Any, name: str) -> None:
    """The message of an unexpected exception may quote the file, so only type and place come out."""
    outcome = await attempt(name)
    assert (outcome.state, outcome.code) == ("failed", "internal-error")
    assert "secret" not in outcome.detail


async def test_progress_when_reported_then_it_arrives_in_order(sandbox: Sandbox, scratch: Path, tmp_path: Path) -> None:
    """Progress messages reach the client while the child runs."""
    source = tmp_path / "s"
    source.touch()
    heard: list[dict[str, Any]] = []
    outcome = await sandbox.run(
        {"name": "progress"}, source=source, work_dir=scratch / "w", limits=Limits(), on_progress=heard.append
    )
    assert outcome.state == "ok"
    assert heard == [{"step": 0}, {"step": 1}, {"step": 2}]


async def test_work_folder_when_outside_scratch_then_it_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """A caller's mistake cannot hand a child a folder elsewhere."""
    with pytest.raises(ValueError, match="scratch"):
        await sandbox.run({}, source=tmp_path, work_dir=tmp_path / "elsewhere", limits=Limits())


async def test_runs_when_fifty_at_once_then_each_gets_its_own_answer(sandbox: Sandbox, scratch: Path) -> None:
    """Concurrent children do not mix."""
    scratch.mkdir(exist_ok=True)
    sources = []
    for number in range(50):
        source = scratch.parent / f"source-{number}"
        source.write_text(str(number))
        sources.append(source)

    outcomes = await asyncio.gather(
        *(
            sandbox.run({"name": "read_source"}, source=source, work_dir=scratch / source.name, limits=Limits())
            for source in sources
        )
    )
    assert [outcome.result for outcome in outcomes] == [{"got": str(number)} for number in range(50)]
