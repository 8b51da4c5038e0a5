"""Judging how a run ended, from what the zygote saw (status, usage) and what the child said (its last line).

Not for: doing anything about it. The zygote is believed before the child: a child that was killed did not end well,
whatever it wrote before.
"""

import os
import signal
from dataclasses import dataclass
from typing import Any

from filemill.chassis.sandbox.outcome import Limits, Outcome, State

# Native libraries that cannot get memory abort, and say so first.
_MEMORY_WORDS = ("memory allocation of", "bad_alloc", "out of memory", "failed to allocate", "cannot allocate memory")
_NEAR_THE_LIMIT = 0.8


@dataclass(frozen=True)
class Ended:
    """What the zygote tells of an ended child."""

    status: int
    killed_for: str | None
    peak_rss_bytes: int
    cpu_s: float
    stderr: str


def judge(ended: Ended | None, answer: dict[str, Any], limits: Limits, *, duration_ms: float) -> Outcome:
    """Return the outcome; `ended` is None when the zygote was lost, `answer` is the child's last line or empty."""
    peak = ended.peak_rss_bytes if ended else None

    def outcome(state: State, code: str | None, detail: str | None, result: dict[str, Any] | None = None) -> Outcome:
        return Outcome(state, result, code, detail, duration_ms, peak)

    if ended is None:
        return outcome("crashed", "sandbox-lost", "The sandbox stopped while this file was in work; try it again.")
    state, code = _state_and_code(ended, answer, limits)
    if state == "ok":
        return outcome("ok", None, None, answer["result"])
    if state == "failed":
        error = answer["error"]
        return outcome("failed", str(error.get("code")), str(error.get("detail")))
    return outcome(state, code, _sentence(state, code, limits))


def _state_and_code(ended: Ended, answer: dict[str, Any], limits: Limits) -> tuple[State, str]:
    killed: dict[str, State] = {
        "cancelled": "cancelled",
        "wall-limit": "timeout",
        "out-of-memory": "out-of-memory",
        "output-too-large": "output-too-large",
    }
    if ended.killed_for:
        return killed[ended.killed_for], ended.killed_for
    if os.WIFSIGNALED(ended.status):
        return _from_signal(os.WTERMSIG(ended.status), ended, limits)
    if ended.status == 0 and isinstance(answer.get("result"), dict):
        return "ok", ""
    if ended.status == 0 and isinstance(answer.get("error"), dict):
        return "failed", ""
    stopped = answer.get("stopped")
    if ended.status == 0 and stopped in {"out-of-memory", "output-too-large"}:
        return killed[stopped], stopped
    return "crashed", "crashed-without-answer"


def _from_signal(number: int, ended: Ended, limits: Limits) -> tuple[State, str]:
    if number == signal.SIGXCPU or (number == signal.SIGKILL and ended.cpu_s >= limits.cpu_s):
        return "timeout", "cpu-limit"
    if number == signal.SIGXFSZ:
        return "output-too-large", "output-too-large"
    said = ended.stderr.lower()
    wanted_memory = any(words in said for words in _MEMORY_WORDS)
    if wanted_memory or ended.peak_rss_bytes >= limits.memory_bytes * _NEAR_THE_LIMIT:
        return "out-of-memory", "out-of-memory"
    return "crashed", f"crashed-{signal.Signals(number).name.lower()}"


def _sentence(state: State, code: str, limits: Limits) -> str:
    if code == "cpu-limit":
        return f"The work on this file needed more than {limits.cpu_s} seconds of processor time and was stopped."
    sentences: dict[State, str] = {
        "timeout": f"The work on this file took longer than {limits.wall_s:g} seconds and was stopped.",
        "out-of-memory": f"This file needed more than {limits.memory_bytes >> 20} MiB of memory and was stopped.",
        "output-too-large": "The work on this file produced more output than is allowed and was stopped.",
        "cancelled": "The work on this file was cancelled.",
        "crashed": "The program that reads this kind of file crashed on it; the file is probably damaged.",
    }
    return sentences[state]
