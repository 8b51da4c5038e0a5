"""`docs/follow-a-file.md` leads through the code: every place that it names is there."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "follow-a-file.md"
_PLACE = re.compile(r"\[[^\]]+\]\((?P<path>\.\./[^)#]+\.py)\)\s*\((?P<names>`[^)]+`)\)")


def test_place_when_follow_a_file_names_it_then_it_is_defined_there() -> None:
    """Code moves; whoever follows a file and meets nothing stops reading. `(`filemill up`)` is a command, not a name."""
    said = DOCUMENT.read_text(encoding="utf-8")
    missing = [target for target in re.findall(r"\]\(([^)#:]+)\)", said) if not (DOCUMENT.parent / target).exists()]
    assert missing == []
    places = [
        (place["path"], name)
        for place in _PLACE.finditer(said)
        for dotted in re.findall(r"`([\w.]+)`", place["names"])
        for name in dotted.split(".")
    ]
    assert len(places) >= 12
    lost = [
        (path, name)
        for path, name in places
        if not re.search(rf"^\s*(?:class|(?:async )?def) {name}\b", (DOCUMENT.parent / path).read_text(), re.MULTILINE)
    ]
    assert lost == []
