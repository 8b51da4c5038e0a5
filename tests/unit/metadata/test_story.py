"""Why a file is where it is, in words: the sentence a user reads instead of a log."""

from typing import Any

import pytest

from filemill.metadata.story import why

REASON = {"code": "x", "detail": "The parser crashed.", "retryable": True}


def document(**more: Any) -> dict[str, Any]:
    base = {
        "status": "uploaded", "status_reason": None, "analysis": "pending", "analysis_reason": None, "text": None,
        "renditions": [], "findings": [],
    }  # fmt: skip
    return base | more


def entry(state: str, service: str = "processing", **more: Any) -> dict[str, Any]:
    return {"service": service, "state": state, "attempt": 1, "reason": None} | more


@pytest.mark.parametrize(
    ("row", "entries", "words"),
    [
        (document(), [], "Stored safely; waiting for the processing service to take it. Analysis has not ended yet."),
        (document(), [entry("done", "upload")], "waiting for the processing service"),
        (document(), [entry("queued")], "Stored safely; waiting in line to be processed."),
        (document(status="processing"), [entry("started")], "Being processed."),
        (document(status="processing"), [entry("started"), entry("retrying", attempt=2, reason=REASON)],
         "Try 2 failed (The parser crashed.); another follows."),
        (document(status="failed", status_reason=REASON), [], "Processing ended without a result: The parser crashed."),
        (document(status="failed"), [], "Processing ended without a result."),
        (document(status="processed", text={"state": "found"}, renditions=[1, 2]), [],
         "Processed: text found; 2 pictures made."),
        (document(status="processed", text={"state": "empty"}), [], "Processed: no words in it; 0 pictures made."),
        (document(status="processed", text={"state": "needs-password"}), [], "the text needs a password"),
        (document(status="processed"), [], "no text is read from this type"),
        (document(analysis="done"), [], "Analysed."),
        (document(analysis="done", findings=[{"capability": "objects", "state": "needs-download"},
                                             {"capability": "captions", "state": "needs-download"}]), [],
         "Analysed; objects and captions would need a model download."),
        (document(analysis="unavailable", analysis_reason=REASON), [], "Analysis unavailable: The parser crashed."),
        (document(analysis="failed"), [], "Analysis failed."),
    ],
    ids=range(15),
)  # fmt: skip
def test_why_when_a_file_stands_somewhere_then_the_sentence_says_so(
    row: dict[str, Any], entries: list[dict[str, Any]], words: str
) -> None:
    """Every state has its sentence, with the reason where there is one."""
    assert words in why(row, entries)  # type: ignore[arg-type]
