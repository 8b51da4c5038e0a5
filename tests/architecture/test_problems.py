"""Every code that an answer can have has a page that says what to do, and every page is about one."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "problems"
MADE_BY_ERRORS = frozenset({"Problem"})
"""The gateway's answers of its own: status, code, …"""


def _codes(tree: ast.Module) -> Iterator[str]:
    """Of classes with a status and a title of their own, and of what the gateway says itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            given = dict(_assigned(node))
            if isinstance(given.get("code"), str) and ("title" in given or "status" in given):
                yield str(given["code"])
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_BY_ERRORS
        if called and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):  # type: ignore[attr-defined]
            yield str(node.args[1].value)  # type: ignore[attr-defined]


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for one in node.body:
        target = (
            one.targets[0] if isinstance(one, ast.Assign) else one.target if isinstance(one, ast.AnnAssign) else None
        )
        value = getattr(one, "value", None)
        pairs = (
            zip(target.elts, value.elts, strict=True)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            else [(target, value)]
        )
        for name, said in pairs:
            if isinstance(name, ast.Name):
                yield name.id, said.value if isinstance(said, ast.Constant) else said


def test_code_when_an_answer_can_have_it_then_it_has_a_page_and_a_place_in_the_list() -> None:
    """`type` in a problem leads to it; a page without a code is about nothing."""
    codes = {
        code
        for path in (ROOT / "src" / "filemill").rglob("*.py")
        for code in _codes(ast.parse(path.read_text(encoding="utf-8")))
    }
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert len(codes) >= 50
    assert codes - pages == set(), "write docs/problems/CODE.md"
    assert pages - codes == set(), "no answer has these codes"
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    assert {code for code in pages if f"({code}.md)" not in listed} == set()
