"""What a detector finds in a picture: its box on the picture, its name, how sure it is.

No detector comes with the house, so what one would have said is written where the catalogue keeps it.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import expect

from support.console import Visit, keep_picture
from support.mill import Mill

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]
BOX = {"left": 0.25, "top": 0.5, "width": 0.5, "height": 0.25}
UNSURE = {"left": 0.05, "top": 0.1, "width": 0.2, "height": 0.2}


def test_objects_when_a_detector_found_some_then_each_has_its_box_and_an_unsure_one_asks_to_be_looked_at(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """The box lies where the finding says, in shares of the picture; choosing the row lights it."""
    file = samples["sample.jpg"]
    found = [
        {"label": "mountain", "confidence": 0.93, "box": BOX},
        {"label": "boat", "confidence": 0.41, "box": UNSURE},
    ]
    objects = {"capability": "objects", "state": "done", "result": {"objects": found}, "evidence": found}
    said = objects | {"model": "a detector", "model_version": "1", "quality": "good", "confidence": 0.93}
    with closing(sqlite3.connect(mill.data_dir / "databases" / "metadata.db", timeout=30)) as database, database:
        query = "SELECT findings FROM documents WHERE file_id = ?"
        [(before,)] = database.execute(query, (file["file_id"],)).fetchall()
        others = [one for one in json.loads(before) if one["capability"] != "objects"]
        change = "UPDATE documents SET findings = ? WHERE file_id = ?"
        database.execute(change, (json.dumps([*others, said]), file["file_id"]))
    try:
        page = visitor(mill).go(f"/files/{file['file_id']}")
        expect(page.locator(".ev")).to_have_count(2)
        page.locator(".fi[data-fact='objects-0']").click()
        expect(page.locator(".fi[data-fact='objects-0']")).to_contain_text("mountain")
        shares = page.locator(".ev.on rect").evaluate(
            """(rect) => {
              const [box, sheet] = [rect.getBoundingClientRect(), rect.closest("svg").getBoundingClientRect()];
              return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height, box.width / sheet.width];
            }"""
        )
        assert shares == pytest.approx([BOX["left"], BOX["top"], BOX["width"]], abs=0.02)
        expect(page.locator(".fi.low")).to_contain_text("boat")
        expect(page.locator(".ibody")).to_contain_text("Below 70 %")
        keep_picture(page, "detections")
    finally:
        with closing(sqlite3.connect(mill.data_dir / "databases" / "metadata.db", timeout=30)) as database, database:
            database.execute("UPDATE documents SET findings = ? WHERE file_id = ?", (before, file["file_id"]))
