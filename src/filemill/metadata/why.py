"""Why a file stands where it stands, in words: the sentence a user reads instead of a log."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

_TEXT_WORDS = {
    "found": "text found",
    "empty": "no words in it",
    "unsupported": "no text was read",
    "needs-password": "the text needs a password",
}


@dataclass(frozen=True, slots=True)
class JobNow:
    """What a job is at: how many files are before it and how long that takes while it is queued, else its progress."""

    state: str
    files_ahead: int | None
    wait_s: float | None
    progress: dict[str, Any]


def why(document: RowMapping, entries: list[RowMapping], job: JobNow | None = None) -> str:
    """Where the file stands and what it waits for, in words. `job`: of processing until that is done, then of ai."""
    is_processed = document["status"] not in ("uploaded", "processing")
    of_processing, of_ai = (None, job) if is_processed else (job, None)
    words = f"{_status_words(document, entries, of_processing)} {_analysis_words(document, of_ai)}"
    held = document["hold"]
    return f"{words} Under a legal hold, so it cannot be deleted: {held['reason']}" if held else words


def _status_words(document: RowMapping, entries: list[RowMapping], job: JobNow | None) -> str:
    status, reason = document["status"], document["status_reason"]
    if status == "failed":
        return (
            f"Processing ended without a result: {reason['detail']}" if reason else "Processing ended without a result."
        )
    if status == "quarantined":
        return f"Held back, and not served: {reason['detail']}" if reason else "Held back, and not served."
    if status == "processed":
        text = document["text"] or {}
        words = _TEXT_WORDS.get(text.get("state", ""), "no text is read from this type")
        reason = f" ({text['reason']['detail'].rstrip('.')})" if text.get("reason") else ""
        made = len(document["renditions"])
        return f"Processed: {words}{reason}; {made} {'picture' if made == 1 else 'pictures'} made."
    last = next((entry for entry in reversed(entries) if entry["service"] == "processing"), None)
    if last is not None and last["state"] == "retrying":
        detail = (last["reason"] or {}).get("detail", "")
        return f"Try {last['attempt']} failed ({detail}); another follows."
    if job is not None and job.state == "queued":
        return f"Stored safely; waiting to be processed: {_in_line(job)}."
    if status == "processing":
        return f"Being processed{_at(job, 'step')}."
    if last is None:
        return "Stored safely; waiting for the processing service to take it."
    return "Stored safely; waiting in line to be processed."


def _in_line(job: JobNow) -> str:
    ahead = job.files_ahead or 0
    line = "next in line" if not ahead else f"{ahead:,} file{'s' if ahead > 1 else ''} ahead"
    if job.wait_s is None:
        return line
    return (
        f"{line}, about {max(1, round(job.wait_s))} s"
        if job.wait_s < 90
        else f"{line}, about {job.wait_s / 60:.0f} min"
    )


def _at(job: JobNow | None, name: str) -> str:
    """What it is doing, and how much of that is done, if it says so."""
    if job is None or job.state != "running" or not job.progress.get(name):
        return ""
    percent = job.progress.get("percent")
    return f": {job.progress[name]}{f', {percent:.0f} %' if isinstance(percent, int | float) else ''}"


def _analysis_words(document: RowMapping, job: JobNow | None) -> str:
    analysis, reason = document["analysis"], document["analysis_reason"]
    if analysis == "pending" and job is not None and job.state == "queued":
        return f"Waiting to be analysed: {_in_line(job)}."
    if analysis == "pending" and job is not None and job.state == "running":
        return f"Being analysed{_at(job, 'capability')}."
    if analysis == "pending":
        return "Analysis has not ended yet."
    if analysis == "done":
        needs = [one["capability"] for one in document["findings"] if one["state"] == "needs-download"]
        return f"Analysed; {' and '.join(needs)} would need a model download." if needs else "Analysed."
    return f"Analysis {analysis}: {reason['detail']}" if reason else f"Analysis {analysis}."
