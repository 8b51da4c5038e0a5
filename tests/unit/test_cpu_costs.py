"""What a benchmark's row says about processor time, and when a run is worse than the last that was kept."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "cpu_costs.py"
SPEC = importlib.util.spec_from_file_location("cpu_costs", PATH)
assert SPEC is not None
assert SPEC.loader is not None
cpu_costs = importlib.util.module_from_spec(SPEC)
sys.modules["cpu_costs"] = cpu_costs
SPEC.loader.exec_module(cpu_costs)


def row(**more: Any) -> dict[str, Any]:
    return {"id": "X1", "work": "some work", "ours": 4.0, "anchor": 2.0, "unit": "ms", **more}


@pytest.mark.parametrize(
    ("said", "ratio"),
    [
        ({"cpu_per_request_us": 300, "anchor_cpu_per_request_us": 200}, 1.5),
        ({"cpu_s_per_gb": 1.0, "anchor_cpu_s_per_gb": 2.0, "unit": "MB/s"}, 0.5),
        ({"unit": "pages/cpu-s"}, 0.5),
        ({"unit": "cpu-ms"}, 2.0),
        ({"unit": "us", "work": "a call: CPU of both"}, 2.0),
    ],
)
def test_cost_when_a_row_tells_of_processor_time_then_beside_its_anchors(said: dict[str, Any], ratio: float) -> None:
    """More done in a second of it is less spent on each."""
    found = cpu_costs.cost(row(**said))
    assert found is not None
    assert found.ratio == pytest.approx(ratio)


@pytest.mark.parametrize(
    "said", [{}, {"unit": "us"}, {"unit": "files/cpu-s", "anchor": "-"}, {"unit": "cpu-ms", "anchor": 0}]
)
def test_cost_when_a_row_tells_of_times_only_then_there_is_none(said: dict[str, Any]) -> None:
    """A time depends on the machine and who else is on it: no run fails for one."""
    assert cpu_costs.cost(row(**said)) is None


def test_run_when_it_costs_half_as_much_again_then_it_is_named_and_else_not() -> None:
    """Beside the anchor's cost in the same run; what was never kept is not judged."""
    kept = {"X1": {"ratio": 1.0, "when": "2026-01-01"}}
    assert cpu_costs.worse([row(unit="cpu-ms", ours=2.9)], kept) == {}
    said = cpu_costs.worse([row(unit="cpu-ms", ours=3.1), row(id="X2", unit="cpu-ms"), row()], kept)
    assert list(said) == ["X1"]
    assert said["X1"].startswith("X1: CPU 1.55 times its anchor's; it was 1.00 on 2026-01-01")


def test_keep_when_figures_are_kept_then_the_next_run_is_held_against_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others stay as they were; what is committed can be read."""
    assert all(one["ratio"] > 0 and one["when"] for one in cpu_costs.last().values())
    assert len(cpu_costs.last()) >= 5
    monkeypatch.setattr(cpu_costs, "LAST", tmp_path / "last.json")
    cpu_costs.keep([row(unit="cpu-ms"), row(id="X2")], "2026-01-01")
    cpu_costs.keep([row(id="X3", unit="cpu-ms", ours=1.0)], "2026-01-02")
    assert {name: one["ratio"] for name, one in cpu_costs.last().items()} == {"X1": 2.0, "X3": 0.5}
