"""A conversation with one confined child: it remembers, and however it ends, the caller is told and can open another."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from filemill.chassis.sandbox import Limits, Sandbox
from filemill.chassis.sandbox.session import Session
from filemill.chassis.telemetry import request_context

LIMITS = Limits(wall_s=60, memory_bytes=256 << 20)


@pytest.fixture
async def session(sandbox: Sandbox, scratch: Path, tmp_path: Path) -> AsyncIterator[Session]:
    """An open conversation about a folder with one file."""
    source = tmp_path / "model"
    source.mkdir()
    (source / "weights.txt").write_text("the weights")
    opened = await sandbox.open(source=source, work_dir=scratch / "talk", limits=LIMITS)
    yield opened
    await opened.kill()


async def test_session_when_asked_twice_then_the_child_remembers(session: Session) -> None:
    """One process, and what it keeps in memory stays; a fault of the entry is an answer and no end."""
    first = await session.ask({"name": "remember"}, timeout_s=10)
    failed = await session.ask({"name": "break_down"}, timeout_s=10)
    second = await session.ask({"name": "remember"}, timeout_s=10)
    assert (first.state, failed.state, second.state) == ("ok", "failed", "ok")
    assert first.result is not None
    assert second.result is not None
    assert (first.result["got"]["count"], second.result["got"]["count"]) == (1, 2)
    assert first.result["got"]["pid"] == second.result["got"]["pid"]


async def test_session_when_its_source_is_a_folder_then_that_is_all_it_can_read(
    session: Session, tmp_path: Path
) -> None:
    """The files below it, and neither those beside it nor the network."""
    (tmp_path / "other").write_text("of somebody else")
    inside = await session.ask({"name": "read_file", "path": str(tmp_path / "model" / "weights.txt")}, timeout_s=10)
    outside = await session.ask({"name": "read_file", "path": str(tmp_path / "other")}, timeout_s=10)
    assert inside.result == {"got": "the weights"}
    assert outside.result == {"got": "PermissionError"}


@pytest.mark.parametrize(
    ("name", "state"),
    [("memory", "out-of-memory"), ("segfault", "crashed"), ("hang", "timeout"), ("big_result", "output-too-large"),
     ("endless_progress", "output-too-large")],
)  # fmt: skip
async def test_session_when_the_child_ends_badly_then_the_answer_says_how_and_another_can_be_opened(
    session: Session, sandbox: Sandbox, scratch: Path, tmp_path: Path, name: str, state: str
) -> None:
    """Its process is gone by then."""
    known = await session.ask({"name": "remember"}, timeout_s=10)
    assert known.result is not None
    ended = await session.ask({"name": name}, timeout_s=3 if name == "hang" else 30)
    assert ended.state == state
    assert session.is_over
    assert not psutil.pid_exists(known.result["got"]["pid"])
    again = await session.ask({"name": "remember"}, timeout_s=5)
    assert again.state != "ok"
    another = await sandbox.open(source=tmp_path / "model", work_dir=scratch / "again", limits=LIMITS)
    fresh = await another.ask({"name": "remember"}, timeout_s=10)
    assert fresh.result is not None
    assert fresh.result["got"]["count"] == 1
    await another.close()
    assert another.is_over


async def test_session_when_a_question_is_cancelled_then_the_child_is_gone(session: Session) -> None:
    """Its answer would be taken for the next one's."""
    asking = asyncio.create_task(session.ask({"name": "hang"}, timeout_s=60))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert session.is_over


async def test_session_when_the_sandbox_stops_then_the_child_ends_with_it(session: Session, sandbox: Sandbox) -> None:
    """Nobody is left behind, and a question after that says so."""
    known = await session.ask({"name": "remember"}, timeout_s=10)
    await sandbox.stop()
    assert known.result is not None
    assert not psutil.pid_exists(known.result["got"]["pid"])
    assert (await session.ask({"name": "remember"}, timeout_s=5)).state == "cancelled"


async def test_child_when_it_works_for_a_request_then_it_and_its_programs_know_for_which(
    sandbox: Sandbox, session: Session, scratch: Path, tmp_path: Path
) -> None:
    """A run and each question of a conversation: the ids go with the question, so the child of one is not another's."""
    source = tmp_path / "source.txt"
    source.write_text("the file in work")
    limits = Limits(wall_s=30, cpu_s=10, processes=2)
    for number in (1, 2):
        context = request_context.begin(f"request-{number}")
        with request_context.within(context):
            ran = await sandbox.run({"name": "whose"}, source=source, work_dir=scratch / f"run-{number}", limits=limits)
            asked = await session.ask({"name": "whose_request"}, timeout_s=20)
        assert ran.result == {"got": [context.request_id, context.traceparent, context.traceparent]}, ran
        assert asked.result == {"got": [context.request_id, context.traceparent]}, asked
