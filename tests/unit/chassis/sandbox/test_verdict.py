"""How an ended child is judged."""

import signal

import pytest

from filemill.chassis.sandbox.outcome import Limits
from filemill.chassis.sandbox.verdict import Ended, judge

LIMITS = Limits(cpu_s=10, memory_bytes=1 << 30)


def ended(status: int = 0, *, killed_for: str | None = None, rss: int = 0, cpu_s: float = 0, stderr: str = "") -> Ended:
    """Return what the zygote would tell."""
    return Ended(status, killed_for, rss, cpu_s, stderr)


@pytest.mark.parametrize(
    ("how", "answer", "state", "code"),
    [
        (None, {}, "crashed", "sandbox-lost"),
        (ended(), {"result": {}}, "ok", None),
        (ended(), {"result": []}, "crashed", "crashed-without-answer"),
        (ended(), {}, "crashed", "crashed-without-answer"),
        (ended(), {"error": {"code": "x", "detail": "y"}}, "failed", "x"),
        (ended(), {"stopped": "out-of-memory"}, "out-of-memory", "out-of-memory"),
        (ended(), {"stopped": "made-up"}, "crashed", "crashed-without-answer"),
        (ended(256), {"result": {}}, "crashed", "crashed-without-answer"),
        (ended(signal.SIGKILL, killed_for="wall-limit"), {"result": {}}, "timeout", "wall-limit"),
        (ended(signal.SIGKILL, killed_for="cancelled"), {}, "cancelled", "cancelled"),
        (ended(signal.SIGKILL, cpu_s=11), {}, "timeout", "cpu-limit"),
        (ended(signal.SIGKILL, cpu_s=1), {}, "crashed", "crashed-sigkill"),
        (ended(signal.SIGXCPU), {}, "timeout", "cpu-limit"),
        (ended(signal.SIGXFSZ), {}, "output-too-large", "output-too-large"),
        (ended(signal.SIGSEGV), {"result": {}}, "crashed", "crashed-sigsegv"),
        (ended(signal.SIGABRT, stderr="terminate: std::bad_alloc"), {}, "out-of-memory", "out-of-memory"),
        (ended(signal.SIGSEGV, rss=1 << 30), {}, "out-of-memory", "out-of-memory"),
    ],
)
def test_judge_when_a_child_ended_then_state_and_code_say_how(
    how: Ended | None, answer: dict[str, object], state: str, code: str | None
) -> None:
    """The zygote is believed before the child, and only a clean exit with an answer is `ok`."""
    outcome = judge(how, answer, LIMITS, duration_ms=1.0)
    assert (outcome.state, outcome.code) == (state, code)
    assert (outcome.detail is None) == (state == "ok")
