"""The verdict over a load test."""

from typing import Any

import pytest

from filemill.cli.load import Verdict, judge, with_verdicts

ROWS = [
    {"Name": "upload", "Request Count": "90", "Failure Count": "0", "95%": "120"},
    {"Name": "list", "Request Count": "10", "Failure Count": "0", "95%": "50"},
    {"Name": "Aggregated", "Request Count": "100", "Failure Count": "0", "95%": "110"},
]
OUTCOME = {"accepted": 90, "accepted_bytes": 5, "answered_twice": 0, "by_status": {"processed": 90}, "lost_count": 0,
           "unfinished": 0, "settled_s": 1.0}  # fmt: skip


def judged(outcome: dict[str, Any] | None = None, **allowed: float) -> list[str]:
    limits = {"upload_p95_ms": 200.0, "read_p95_ms": 100.0, "failures_percent": 0.0} | allowed
    return [one.what for one in judge(OUTCOME | (outcome or {}), ROWS, **limits) if not one.passed]


def test_verdict_when_all_is_well_then_nothing_is_missed() -> None:
    """Each threshold is named with what was measured."""
    assert judged() == []


@pytest.mark.parametrize(
    ("outcome", "missed"),
    [
        ({"lost_count": 1, "by_status": {"processed": 89}}, ["files lost"]),
        ({"unfinished": 2, "by_status": {"processed": 88, "processing": 2}}, ["files not ended in time"]),
        ({"answered_twice": 1}, ["files answered twice"]),
        ({"by_status": {"processed": 88, "failed": 2}}, ["files that could not be processed"]),
        ({"accepted": 0, "by_status": {}}, ["files accepted"]),
    ],
)
def test_verdict_when_a_file_is_missing_then_no_threshold_can_help(outcome: dict[str, Any], missed: list[str]) -> None:
    """Loss is never allowed, whatever else was chosen; nor is a run that uploaded nothing a success."""
    assert judged(outcome, failures_percent=100, upload_p95_ms=1e9) == missed


def test_verdict_when_a_threshold_is_missed_then_it_is_named() -> None:
    """Uploads have one of their own."""
    assert judged(upload_p95_ms=100) == ["upload, p95"]
    assert judged(read_p95_ms=10) == ["list, p95"]
    failed = [{**row, "Failure Count": "2"} for row in ROWS]
    verdicts = judge(OUTCOME, failed, upload_p95_ms=200, read_p95_ms=100, failures_percent=1)
    assert [one.what for one in verdicts if not one.passed] == ["failed requests"]


def test_page_when_written_then_the_verdict_stands_before_the_charts_and_nothing_in_it_is_markup() -> None:
    """What a server says ends up in it."""
    page = with_verdicts("<html><body><div>charts</div></body></html>", [Verdict("<b>", "1", "0", False)], OUTCOME)
    assert page.index("FAILED") < page.index("charts")
    assert "&lt;b&gt;" in page
