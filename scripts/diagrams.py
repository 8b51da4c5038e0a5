"""`docs/diagrams.md`: services, events and tables, drawn from the code (Mermaid); part of `check_documents.py`.

Who publishes what is read from the calls of `wire.make_event` in the source; who listens from the topology; the edge's part
from the route table; tables from their metadata. A publisher that cannot be read stops the check.
"""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData, Table

from filemill.chassis.settings import PORTS
from filemill.contracts.topics import Topic, queues_for
from filemill.gateway.routes import build_routes

EVERYBODY = "each service"
"""Whose name stands in a variable of the chassis: whoever uses that room."""
_GIVEN = frozenset({"service", "_service"})


class Unreadable(Exception):
    """A name, a publisher or a topic that only a run would tell."""


def page(package: Path, services: tuple[str, ...]) -> str:
    """The whole page. Raises `Unreadable`."""
    lines = [
        "# Services, events and tables",
        "",
        "Made by `make documents` from the code: routes, topology, calls that make events, tables.",
        "",
        "## Services",
        "",
        *_fenced(_services(package)),
        "",
        "Solid: HTTP. A thick line: work that is claimed from a table. Nobody opens another's database.",
        "",
        "## Events",
        "",
        "| event | made by | heard by |",
        "| --- | --- | --- |",
        *_events(package),
        "",
        f"*{EVERYBODY}*: what the chassis says in the name of the service that uses it.",
    ]
    for service in services:
        tables = importlib.import_module(f"filemill.{service}.tables").metadata
        lines += ["", f"## Tables of {service}", "", *_fenced(_tables(tables))]
    return "\n".join(lines) + "\n"


def _fenced(lines: Iterator[str]) -> list[str]:
    return ["```mermaid", *lines, "```"]


def _services(package: Path) -> Iterator[str]:
    yield "flowchart LR"
    yield "  client([client]) --> gateway"
    for service in sorted({route.service for route in build_routes()}):
        paths = ", ".join(sorted(route.prefix for route in build_routes() if route.service == service))
        yield f'  gateway -- "{paths}" --> {service}[{service} :{PORTS[service]}]'
    for service, asked in _questions(package):
        yield f"  {service} --> {asked}"
    for service in sorted(set(PORTS) - {"gateway"}):
        if (package / service / "worker.py").exists():
            yield f"  {service} ==> {service}-worker[[{service} worker]]"


def _questions(package: Path) -> Iterator[tuple[str, str]]:
    """Who asks whom over HTTP: `ServiceClient.of(settings, NAME)`."""
    found = set()
    for path, call in _calls(package):
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "of" and ast.unparse(func.value) == "ServiceClient":
            name = call.args[1]
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                raise Unreadable(f"{path}:{call.lineno}: write the name of the service out")
            found.add((_room(package, path), name.value))
    yield from sorted(found)


def _events(package: Path) -> Iterator[str]:
    makers: dict[str, set[str]] = {topic.value: set() for topic in Topic}
    for path, call in _calls(package):
        if ast.unparse(call.func) != "wire.make_event":
            continue
        source, topic = call.args[0], call.args[1]
        attribute = (
            source.attr if isinstance(source, ast.Attribute) else source.id if isinstance(source, ast.Name) else ""
        )
        maker = EVERYBODY if attribute in _GIVEN else _room(package, path)
        for one in _topics(path, topic):
            makers[one].add(maker)
    for topic in Topic:
        heard = ", ".join(f"`{queue}`" for queue in queues_for(topic)) or "nobody"
        yield f"| `{topic.value}` | {', '.join(sorted(makers[topic.value])) or 'nobody'} | {heard} |"


def _topics(path: Path, topic: ast.expr) -> Iterator[str]:
    """The topic of a call; where it is a variable, every topic that its file names."""
    if isinstance(topic, ast.Attribute) and ast.unparse(topic.value) == "Topic":
        yield Topic[topic.attr].value
        return
    named = {
        Topic[node.attr].value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Topic" and node.attr in Topic.__members__
    }
    if not named:
        raise Unreadable(f"{path}:{topic.lineno}: a topic that is not written out")
    yield from named


def _calls(package: Path) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def _room(package: Path, path: Path) -> str:
    return path.relative_to(package).parts[0]


def _tables(metadata: MetaData) -> Iterator[str]:
    yield "erDiagram"
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        yield f"  {table.name} {{"
        yield from _columns(table)
        yield "  }"


def _columns(table: Table) -> Iterator[str]:
    for column in table.columns:
        kind = type(column.type).__name__.lower()
        mark = " PK" if column.primary_key else ""
        yield f"    {kind} {column.name}{mark}"
