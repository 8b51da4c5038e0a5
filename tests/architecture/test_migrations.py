"""Old and new code run on both sides of a `pre` migration, since instances are restarted one after the other: it only adds.

What is no longer used goes in a `post` migration of a later release, when no instance of the older code is left.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import filemill

ROOT = Path(filemill.__file__).parent
MIGRATIONS = sorted(ROOT.glob("*/migrations/versions/[0-9]*.py"))
ADDS = frozenset({"add_column", "create_table", "create_index", "execute", "batch_alter_table", "drop_constraint"})
"""A constraint that goes lets more in than before, so what older code writes still passes."""
FORBIDDEN_WORDS = ("drop ", "rename ", "alter ", "delete ", "truncate ")


def problems(source: str) -> Iterator[str]:
    """What in a `pre` migration older code could not live with."""
    tree = ast.parse(source)
    movers = {"op"} | {
        item.optional_vars.id
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name)
    }
    upgrade = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    made = {_text(call.args[0]) for call in calls if _name(call) == "create_table"}
    for call in calls:
        name = _name(call)
        owner = call.func.value  # type: ignore[attr-defined]
        if not (isinstance(owner, ast.Name) and owner.id in movers):
            continue
        if name not in ADDS:
            yield f"line {call.lineno}: {name}"
        elif name == "execute" and any(word in _text(call.args[0]).lower() for word in FORBIDDEN_WORDS):
            yield f"line {call.lineno}: SQL that takes away"
        elif name == "create_index" and _true(call, "unique") and _text(call.args[1]) not in made:
            yield f"line {call.lineno}: what older code writes may be against a unique index on a table it knows"
        elif name == "add_column" and not _may_be_left_out(call.args[1]):
            yield f"line {call.lineno}: older code does not fill this column"


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _true(call: ast.Call, keyword: str) -> bool:
    return any(one.arg == keyword and _text(one.value) == "True" for one in call.keywords)


def _may_be_left_out(column: ast.expr) -> bool:
    assert isinstance(column, ast.Call), "write the column where it is added"
    given = {one.arg: one.value for one in column.keywords}
    return "server_default" in given or _text(given.get("nullable", ast.Constant(value=True))) == "True"


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_migration_when_it_runs_before_the_new_code_then_the_old_code_can_live_with_it(path: Path) -> None:
    """Its name says when it runs; `pre` only adds, and what it adds can be left out."""
    kind = path.stem.split("_")[1]
    assert kind in ("pre", "post"), "NNNN_pre_… or NNNN_post_…"
    if kind == "pre":
        assert list(problems(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("files", "title")',
        'op.drop_table("files")',
        'op.rename_table("files", "things")',
        'op.alter_column("files", "title", new_column_name="name")',
        'op.add_column("files", sa.Column("kind", sa.String(), nullable=False))',
        'op.create_index("one", "files", ["title"], unique=True)',
        'op.execute("ALTER TABLE files DROP COLUMN title")',
        'op.execute("DELETE FROM files")',
    ],
)
def test_rule_when_a_migration_takes_something_away_then_it_is_seen(line: str) -> None:
    """The rule is worth something."""
    assert list(problems(f"def upgrade() -> None:\n    {line}\n"))
