"""What is emitted, held against `docs/telemetry.yaml`: each function returns what is not in it, for an assertion to show."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from support.collector import Span

FILE = Path(__file__).parents[2] / "docs" / "telemetry.yaml"
FOREIGN = ("python_", "process_")
"""Families of prometheus-client itself."""
ALWAYS = frozenset({"timestamp", "level", "service", "event", "request_id", "trace_id", "exception"})


@cache
def schema() -> dict[str, Any]:
    """The schema as it is committed."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def metric_names() -> set[str]:
    """Every name a query may ask for: of a histogram its three series, too."""
    names = set()
    for name, about in schema()["metrics"].items():
        names |= {name} if about["type"] != "histogram" else {f"{name}_{part}" for part in ("bucket", "count", "sum")}
    return names


def strange_lines(lines: Iterable[dict[str, Any]]) -> set[str]:
    """Events, and facts of events, of our own loggers that are not in the schema. Others' lines name their logger."""
    known = {_pattern(name): about for name, about in schema()["logs"].items()}
    strange = set()
    for line in lines:
        if "logger" in line:
            continue
        event = str(line.get("event"))
        found = [about for pattern, about in known.items() if re.fullmatch(pattern, event)]
        facts = {fact for about in found for fact in about["facts"]}
        if not found:
            strange.add(event)
        elif "…" not in facts:
            strange |= {f"{event}: {fact}" for fact in set(line) - facts - ALWAYS}
    return strange


def strange_spans(spans: Iterable[Span]) -> set[str]:
    """Spans that are of no kind in the schema: by name, kind and attributes."""
    return {
        f"{span.kind} {span.name} {sorted(span.attributes)}"
        for span in spans
        if not any(_is(span, about) for about in schema()["spans"].values())
    }


def strange_metrics(text: str) -> set[str]:
    """Families, and labels, in an exposition that are not in the schema."""
    known, strange = schema()["metrics"], set()
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if family.name.startswith(FOREIGN):
            continue
        if name not in known or known[name]["type"] != family.type:
            if not name.endswith("_created"):
                strange.add(f"{family.type} {name}")
            continue
        labels = {*known[name]["labels"], "le", "pid"}
        strange |= {f"{name}: {label}" for sample in family.samples for label in set(sample.labels) - labels}
    return strange


def _is(span: Span, about: dict[str, Any]) -> bool:
    named = re.sub(r"\{([a-z._]+)\}", lambda field: str(span.attributes.get(field[1], "")), about["name"]).strip()
    fits = (span.name, span.kind.lower()) == (named, about["kind"])
    return fits and set(span.attributes) <= set(about["attributes"])


def _pattern(name: str) -> str:
    return re.sub(r"\\\{[a-z]+\\\}", "[a-z-]+", re.escape(name))
