"""Hits say which files a password protects, so that a list can tell without opening each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.searching import ENGINES, Searching, searching


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ({"text": {"state": "needs-password"}}, True),
        ({"properties": {"archive": {"entries": 2, "encrypted": True}}}, True),
        ({"properties": {"archive": {"entries": 2, "encrypted": False}}}, False),
        ({"text": {"state": "found", "pages": 1}}, False),
        ({}, False),
    ],
)
async def test_find_when_a_password_protects_a_file_then_the_hit_says_so(
    mill: Searching, known: dict[str, Any], wanted: bool
) -> None:
    """The text itself, or files in an archive whose names can be read; found by words and in a plain list."""
    await mill.put({"filename": "agreement.bin"} | known)
    for asked in ({"q": "agreement"}, {}):
        assert [hit["needs_password"] for hit in (await mill.find(**asked))["items"]] == [wanted], asked
