"""What work costs in processor time, beside its anchor's; held against the last figures that were kept.

A ratio of CPU is what is left when machine and load are taken out: both sides ran on the same cores in the same minutes. So
this, and no time, may fail a run: `make bench` ends with 1 if a ratio is more than `WORSE_MOST` times the last one. `--keep`
writes the new ones into `last.json`; that is a decision, and stands in a commit.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAST = Path(__file__).parent / "last.json"
WORSE_MOST = 1.5
_PAIRS = (("cpu_per_request_us", "us a request"), ("cpu_s_per_gb", "s a GB"))
_COSTS = ("us CPU", "cpu-ms")
"""Units of rows whose own figure is processor time."""
_YIELD = "/cpu-s"
"""So ends the unit of a row that says how much is done in a second of it."""
_SAID = "CPU"
"""In the words of a row whose unit is only `us`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time of ours and of the anchor for the same work. `ratio` below 1: ours is cheaper."""

    ours: float
    anchor: float
    unit: str

    @property
    def ratio(self) -> float:
        return self.ours / self.anchor

    def in_words(self) -> str:
        """For a table."""
        return f"{self.ours:g} {self.unit} ({self.ratio:.2f}x)"


def cost(row: Mapping[str, Any]) -> Cost | None:
    """What a row of results says about processor time; None if it says nothing."""
    for name, unit in _PAIRS:
        if row.get(name) and row.get(f"anchor_{name}"):
            return Cost(row[name], row[f"anchor_{name}"], unit)
    ours, anchor, unit = row["ours"], row["anchor"], str(row["unit"])
    if not (isinstance(ours, int | float) and isinstance(anchor, int | float) and ours and anchor):
        return None
    if unit.endswith(_YIELD):
        return Cost(
            round(1000 / ours, 3), round(1000 / anchor, 3), f"ms {unit.removesuffix(_YIELD).rstrip('s')}".strip()
        )
    if unit in _COSTS or (unit == "us" and _SAID in row["work"]):
        return Cost(ours, anchor, unit)
    return None


def last() -> dict[str, dict[str, Any]]:
    """By id what was kept: ratio, when, on what."""
    found: dict[str, dict[str, Any]] = json.loads(LAST.read_text()) if LAST.exists() else {}
    return found


def worse(rows: Iterable[Mapping[str, Any]], kept: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By id in words what costs more than it may. A row that nothing was kept of is not judged."""
    found = {}
    for row in rows:
        now, before = cost(row), kept.get(row["id"])
        if now is not None and before is not None and now.ratio > before["ratio"] * WORSE_MOST:
            found[row["id"]] = (
                f"{row['id']}: CPU {now.ratio:.2f} times its anchor's; it was {before['ratio']:.2f} on {before['when']} "
                f"({row['work']})"
            )
    return found


def keep(rows: Iterable[Mapping[str, Any]], when: str) -> None:
    """From now on these are the last ones."""
    found = last()
    for row in rows:
        if (now := cost(row)) is not None:
            found[row["id"]] = {"ratio": round(now.ratio, 3), "ours": now.ours, "unit": now.unit, "when": when}
    LAST.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")
