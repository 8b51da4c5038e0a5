"""How the commands put things: sizes, times, findings, the tree of a story."""

import io
from typing import Any

import pytest
from rich.console import Console

from filemill.cli import screen, story
from filemill.cli.findings import brief, found_lines


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**13, "10000.0 GB"),
    ],
)
def test_size_when_it_is_shown_then_in_powers_of_1000(count: int, text: str) -> None:
    """As disks and networks are sold."""
    assert screen.size(count) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.4, "0 ms"), (999.0, "999 ms"), (1500.0, "1.5 s")])
def test_milliseconds_when_they_are_shown_then_short(value: float | None, text: str) -> None:
    """A duration is read at a glance."""
    assert screen.milliseconds(value) == text


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"text": "A photo."}, "A photo."),
        ({"class": "invoice", "probability": 0.9}, "invoice"),
        ({"keywords": [{"text": "a"}, {"text": "b"}]}, "a, b"),
        ([{"text": str(number)} for number in range(8)], "0, 1, 2, 3, 4, 5, …"),
        ({"width": 3, "empty": [], "none": None}, "width 3"),
        (0.5, "0.5"),
    ],
)
def test_brief_when_a_finding_is_shown_then_in_a_line(result: Any, text: str) -> None:
    """What matters of a result, without its structure."""
    assert brief(result) == text


def test_found_lines_when_a_document_is_shown_then_what_was_found_is_named() -> None:
    """Text, pictures, findings with their confidence, and why an analysis is missing."""
    document = {
        "text": {"state": "found", "characters": 12, "pages": 1},
        "renditions": [{"name": "thumbnail"}],
        "findings": [
            {
                "capability": "language",
                "state": "done",
                "result": {"language": "en"},
                "confidence": 0.93,
                "quality": "basic",
            },
            {"capability": "objects", "state": "needs-download"},
        ],
        "analysis": "unavailable",
        "analysis_reason": {"detail": "It took too long."},
    }
    assert found_lines(document) == [
        "text: 12 characters on 1 page", "pictures: thumbnail", "language: en (93%, basic)",
        "analysis unavailable: It took too long.",
    ]  # fmt: skip


def test_say_when_a_name_looks_like_markup_then_it_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name of a stranger paints nothing."""
    printed = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=printed, highlight=False, soft_wrap=True))
    screen.say("[red]evil[/red].txt")
    assert printed.getvalue() == "[red]evil[/red].txt\n"


def test_draw_when_a_story_is_told_then_it_is_a_tree_with_durations_and_the_reason() -> None:
    """One branch per service that had the file, in order, and in words where it stands."""
    entry = {"at": "2026-01-31T12:00:00.000000Z", "attempt": 1, "reason": None, "duration_ms": None, "detail": {}}
    timeline = {
        "file_id": "id-1",
        "status": "failed",
        "why": "Try 2 failed (broken); another follows.",
        "items": [
            entry | {"service": "upload", "step": "stored", "state": "done"},
            entry | {"service": "processing", "step": "pdf", "state": "done", "duration_ms": 1500.0,
                     "at": "2026-01-31T12:00:01.000000Z"},
            entry | {"service": "processing", "step": "identify", "state": "done", "detail": {"reused": True}},
            entry | {"service": "processing", "step": "plan", "state": "failed", "attempt": 2, "reason": {"detail": "broken"}},
        ],
    }  # fmt: skip
    printed = io.StringIO()
    Console(file=printed, width=120).print(story.draw(timeline, "a.pdf"))
    text = printed.getvalue()
    for words in (
        "a.pdf  id-1  failed",
        "upload",
        "+0 ms  stored",
        "+1.0 s  pdf",
        "1.5 s",
        "used again",
        "try 2",
        "broken",
        "another follows",
    ):
        assert words in text
