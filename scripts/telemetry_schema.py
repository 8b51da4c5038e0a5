"""`docs/telemetry.yaml`: every span, metric and log event there is, read out of the code; part of `check_documents.py`.

Metrics and log events are found in the source itself, without running it, so none can be missed for want of being met. What is
found must be a name: one put together at run time, but for `{kind}`, stops the check with the place it stands at.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filemill.chassis.telemetry import spans

_METRICS = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "CounterMetricFamily": "counter",
    "GaugeMetricFamily": "gauge",
}
_LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
_LOGGERS = frozenset({"_log", "log"})
_NO_FACTS = frozenset({"exc_info"})


class Unreadable(Exception):
    """A name that only a run would tell."""


@dataclass
class _Event:
    levels: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)


def schema(package: Path) -> dict[str, Any]:
    """All of it, sorted by name. `package`: the folder of the source. Raises `Unreadable`."""
    metrics: dict[str, dict[str, Any]] = {}
    events: dict[str, _Event] = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        imported = _imported(tree)
        room = ".".join(path.relative_to(package).with_suffix("").parts)
        for call in _calls(tree):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name in _METRICS and imported.get(name, "").startswith("prometheus_client"):
                said, about = _metric(call, _METRICS[name], path)
                metrics[said] = {**about, "room": room}
            elif _is_log(call):
                event = events.setdefault(_text(call.args[0], path), _Event())
                event.levels.add(_LEVELS[call.func.attr])  # type: ignore[attr-defined]
                event.facts |= {one.arg or "…" for one in call.keywords} - _NO_FACTS
                event.rooms.add(room)
    return {
        "spans": {
            name: {
                "name": one.name,
                "kind": one.kind.name.lower(),
                "what": one.what,
                "attributes": list(one.attributes),
            }
            for name, one in spans.ALL.items()
        },
        "metrics": {name: metrics[name] for name in sorted(metrics)},
        "logs": {
            name: {"levels": sorted(one.levels), "facts": sorted(one.facts), "rooms": sorted(one.rooms)}
            for name, one in sorted(events.items())
        },
    }


def _imported(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_log(call: ast.Call) -> bool:
    func = call.func
    of_logger = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in _LOGGERS
    return of_logger and func.attr in _LEVELS and bool(call.args)  # type: ignore[union-attr]


def _metric(call: ast.Call, kind: str, path: Path) -> tuple[str, dict[str, Any]]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    name = _text(call.args[0], path)
    labels = call.args[2] if len(call.args) > 2 else given.get("labels", given.get("labelnames"))
    names = [_text(one, path) for one in labels.elts] if isinstance(labels, ast.List | ast.Tuple) else []
    shown = f"{name.removesuffix('_total')}_total" if kind == "counter" else name
    return shown, {"type": kind, "labels": names, "what": _text(call.args[1], path)}


def _text(node: ast.expr, path: Path) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(one, path) for one in node.values)
    raise Unreadable(f"{path}:{node.lineno}: write the name out; a schema cannot know what this will be")


def _part(node: ast.expr, path: Path) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(inner, ast.Attribute) and inner.attr == "kind":
        return "{kind}"
    if isinstance(inner, ast.Name) and inner.id.isupper():
        return "{" + inner.id.lower() + "}"
    raise Unreadable(f"{path}:{node.lineno}: only {{kind}} may stand in a name")
