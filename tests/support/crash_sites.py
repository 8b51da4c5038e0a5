"""Where the product can be killed by name, read from its source: transactions, publishes, explicit crash points.

A transaction is `<database>.write("point", ...)`, and gives `point.in-tx` and `point.committed`; or a function that says
BEGIN by itself, which must call `crash_point`. A publish is `<transport>.publish(...)`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filemill
from filemill.contracts.topics import QUEUES

ROOT = Path(filemill.__file__).parent
ENGINES = ("chassis/database/sqlite_database.py", "chassis/database/postgresql_database.py")
"""Runs every `write` and makes the two points of each from its name."""
PUBLISH_POINTS = ["relay.publish.before", "relay.publish.after"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the source. `point` is None where it should be a literal and is not."""

    place: str
    point: str | None


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every source file of the product: path below the package, tree."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def write_sites() -> list[Site]:
    """Every kind of write on a database: by the receiver's name, or by a point as first argument."""
    found = []
    for name, tree in modules():
        for call in [*_calls(tree, "write"), *_calls(tree, "write_each"), *_calls(tree, "write_unsynced")]:
            assert isinstance(call.func, ast.Attribute)
            receiver = ast.unparse(call.func.value).rpartition(".")[2].lstrip("_")
            first = call.args[0] if call.args else None
            point = _literal(first)
            if receiver in ("database", "small") or (point is not None and "." in point):
                found.append(Site(f"{name}:{call.lineno}", point))
    return found


def explicit_points() -> list[Site]:
    """Every `crash_point("name")`, except the two that the database engine makes out of a write's name."""
    found = []
    for name, tree in modules():
        if name not in ENGINES:
            calls = _calls(tree, "crash_point")
            found += [Site(f"{name}:{call.lineno}", _literal(call.args[0])) for call in calls]
    return found


def publish_sites() -> list[tuple[str, list[str]]]:
    """Every `.publish(` on a transport, with the crash points right before and right after it."""
    found = []
    for name, tree in modules():
        for body in _bodies(tree):
            for at, statement in enumerate(body):
                if isinstance(statement, ast.Expr) and any(_is_transport_publish(call) for call in ast.walk(statement)):
                    around = [body[at - 1] if at else None, body[at + 1] if at + 1 < len(body) else None]
                    found.append((f"{name}:{statement.lineno}", [_point_of(one) for one in around]))
    return found


def hand_made_transactions() -> list[tuple[str, bool]]:
    """Functions that begin a transaction themselves, and whether each has a crash point."""
    found = []
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _begins(node):
                found.append((f"{name}:{node.lineno}", bool(list(_calls(node, "crash_point")))))
    return found


def every_point() -> set[str]:
    """The name of every crash point there is."""
    names = {site.point for site in explicit_points() if site.point}
    for site in write_sites():
        for point in _spelled_out(site.point):
            names |= {f"{point}.in-tx", f"{point}.committed"}
    return names


def _spelled_out(point: str | None) -> list[str]:
    """`consumer.{self.queue}` is one point for each queue there is."""
    if point and "{" in point:
        assert point == "consumer.{self.queue}", f"{point} has a part that only the run time knows"
        return [f"consumer.{queue}" for queue in QUEUES]
    return [point] if point else []


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            if called == name:
                yield node


def _literal(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}"  # type: ignore[attr-defined]
            for part in node.values
        )
    return None


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


def _is_transport_publish(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish"
    return is_call and "transport" in ast.unparse(node.func.value)  # type: ignore[attr-defined]


def _point_of(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if ast.unparse(call.func) == "crash_point":
            return _literal(call.args[0]) or ""
    return ""


def _begins(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it begins one itself. An engine's listener only spells what `engine.begin()` does, wherever that is."""
    if any("listens_for" in ast.unparse(decorator) for decorator in function.decorator_list):
        return False
    own = list(_own_nodes(function))
    if any(isinstance(node, ast.Constant) and str(node.value).startswith("BEGIN ") for node in own):
        return True
    begins = (node for node in own if isinstance(node, ast.Attribute) and node.attr == "begin")
    return any("engine" in ast.unparse(node.value) for node in begins)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner
            yield from _own_nodes(inner)
