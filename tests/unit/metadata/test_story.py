"""Why a file is where it is, in words: the sentence a user reads instead of a log."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from filemill.contracts.ai import Finding
from filemill.contracts.processing import StepRecord
from filemill.contracts.topics import Topic
from filemill.metadata import story, timeline_repository
from filemill.metadata.tables import metadata
from filemill.metadata.why import JobNow, why
from support import samples

FILE = "019c2d6e-0000-7000-8000-00000000004d"
REASON = {"code": "x", "detail": "The parser crashed.", "retryable": True}


def document(**more: Any) -> dict[str, Any]:
    base = {
        "status": "uploaded", "status_reason": None, "analysis": "pending", "analysis_reason": None, "text": None,
        "renditions": [], "findings": [], "hold": None,
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
        (document(status="processed", text={"state": "empty"}, renditions=[1]), [], "no words in it; 1 picture made."),
        (document(status="processed", text={"state": "empty"}), [], "Processed: no words in it; 0 pictures made."),
        (document(status="processed", text={"state": "needs-password"}), [], "the text needs a password"),
        (document(status="processed"), [], "no text is read from this type"),
        (document(analysis="done"), [], "Analysed."),
        (document(analysis="done", findings=[{"capability": "objects", "state": "needs-download"},
                                             {"capability": "captions", "state": "needs-download"}]), [],
         "Analysed; objects and captions would need a model download."),
        (document(analysis="unavailable", analysis_reason=REASON), [], "Analysis unavailable: The parser crashed."),
        (document(analysis="failed"), [], "Analysis failed."),
        (document(hold={"reason": "The case of Oslo"}), [],
         "Under a legal hold, so it cannot be deleted: The case of Oslo"),
    ],
    ids=range(17),
)  # fmt: skip
def test_why_when_a_file_stands_somewhere_then_the_sentence_says_so(
    row: dict[str, Any], entries: list[dict[str, Any]], words: str
) -> None:
    """Every state has its sentence, with the reason where there is one."""
    assert words in why(row, entries)  # type: ignore[arg-type]


QUEUED = {"progress": {}, "state": "queued"}
RUNNING = {"state": "running", "files_ahead": None, "wait_s": None}


@pytest.mark.parametrize(
    ("row", "job", "words"),
    [
        (document(), JobNow(files_ahead=12, wait_s=40.2, **QUEUED),
         "Stored safely; waiting to be processed: 12 files ahead, about 40 s. Analysis has not ended yet."),
        (document(), JobNow(files_ahead=1, wait_s=0.3, **QUEUED), "waiting to be processed: 1 file ahead, about 1 s."),
        (document(), JobNow(files_ahead=0, wait_s=2.0, **QUEUED), "waiting to be processed: next in line, about 2 s."),
        (document(), JobNow(files_ahead=1200, wait_s=600.0, **QUEUED), "1,200 files ahead, about 10 min."),
        (document(status="processing"), JobNow(progress={"step": "ocr", "percent": 40}, **RUNNING),
         "Being processed: ocr, 40 %."),
        (document(status="processing"), JobNow(progress={"step": "fetch"}, **RUNNING), "Being processed: fetch."),
        (document(status="processing"), JobNow(progress={}, **RUNNING), "Being processed."),
        (document(status="processed"), JobNow(files_ahead=3, wait_s=9.0, **QUEUED),
         "0 pictures made. Waiting to be analysed: 3 files ahead, about 9 s."),
        (document(status="processed"), JobNow(progress={"capability": "entities"}, **RUNNING), "Being analysed: entities."),
        (document(status="processed"), None, "Analysis has not ended yet."),
    ],
    ids=range(10),
)  # fmt: skip
def test_why_when_a_job_waits_or_runs_then_says_how_long_and_where(
    row: dict[str, Any], job: JobNow | None, words: str
) -> None:
    """Files before it and the time that takes, or the step it is at."""
    assert words in why(row, [], job)  # type: ignore[arg-type]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as made:
        yield made
    engine.dispose()


def test_steps_when_some_were_used_again_then_only_the_others_are_counted_back(connection: Connection) -> None:
    """What was found out about equal bytes before took its time then: nothing is told as older than the upload."""
    steps = [
        StepRecord(name="identify", version=1, state="done", duration_ms=90_000.0, reused=True),
        StepRecord(name="pdf", version=1, state="done", duration_ms=250.0),
        StepRecord(name="image_text", version=1, state="skipped", duration_ms=50.0),
    ]
    event = samples.event(Topic.PROCESSED, samples.processed(FILE, steps=steps), 4, "processing")
    story.processed(connection, event, samples.processed(FILE, steps=steps))
    told = {entry["step"]: entry for entry in timeline_repository.timeline_of(connection, FILE)}
    before_ms = {name: round((event.time - entry["at"]).total_seconds() * 1000) for name, entry in told.items()}
    assert before_ms == {"identify": 300, "pdf": 50, "image_text": 0, "plan": 0}
    assert told["identify"]["detail"] == {"version": 1, "reused": True}
    assert "reused" not in told["pdf"]["detail"]


def test_analyzed_when_some_findings_were_used_again_then_the_story_says_so_of_them(connection: Connection) -> None:
    """What was found in equal bytes before is told apart from what was looked at now."""
    findings = [
        Finding(capability="language", state="done", model="py3langid", duration_ms=9.0, reused=True),
        Finding(capability="keywords", state="done", model="filemill-keywords", duration_ms=5.0),
    ]
    data = samples.analyzed(FILE, findings=findings)
    story.analyzed(connection, samples.event(Topic.ANALYZED, data, 5, "ai"), data)
    told = {entry["step"]: entry["detail"] for entry in timeline_repository.timeline_of(connection, FILE)}
    assert told["language"] == {"model": "py3langid", "reused": True}
    assert told["keywords"] == {"model": "filemill-keywords"}
