"""The model behind the capacity page, against what is known without it."""

import importlib.util
import math
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "queueing.py"
SPEC = importlib.util.spec_from_file_location("queueing", PATH)
assert SPEC is not None
assert SPEC.loader is not None
queueing = importlib.util.module_from_spec(SPEC)
sys.modules["queueing"] = queueing
SPEC.loader.exec_module(queueing)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_one_worker_when_they_come_by_chance_then_the_wait_is_that_of_the_textbook(busy: float) -> None:
    """M/M/1: the time in the system is exponential with mean service / (1 - busy)."""
    found = queueing.simulate(per_s=busy, service_s=1.0, servers=1, count=400_000)
    mean_s = 1 / (1 - busy)
    assert found.mean_s == pytest.approx(mean_s, rel=0.05)
    assert found.p95_s == pytest.approx(mean_s * math.log(20), rel=0.08)
    assert found.busy == pytest.approx(busy, rel=0.02)


def test_several_workers_when_busy_alike_then_nobody_waits_as_long() -> None:
    """Why one pool of workers is better than one for each owner."""
    one = queueing.simulate(per_s=0.8, service_s=1.0, servers=1)
    ten = queueing.simulate(per_s=8, service_s=1.0, servers=10)
    assert ten.p95_s < one.p95_s / 2
