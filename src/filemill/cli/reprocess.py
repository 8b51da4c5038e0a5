"""`filemill reprocess`: the caller's files that fit a filter, processed again in the background, page by page."""

import re
import time
from typing import Any

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

PAUSE_S = 2.0
"""Between two looks whether there is room in the queue, or how far the jobs are."""


def reprocess(where: str, *, dry_run: bool, wait: bool, as_json: bool) -> None:
    """Ask page by page. Interrupted, it is simply repeated: a file with an open job gets no second one."""
    api, service = Api(), _service(where)
    cursor: str | None = None
    total: dict[str, Any] = {"looked_at": 0, "matched": 0, "queued": 0, "seconds": 0.0}
    while True:
        page = _page(api, service, {"where": where, "dry_run": dry_run, "cursor": cursor})
        for name in total:
            total[name] += page[name]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if not as_json:
            screen.say(f"looked at {total['looked_at']} files, {total['matched']} fit")
    if wait and total["queued"]:
        _wait(api, service, int(total["queued"]), as_json=as_json)
    if as_json:
        screen.json_line(total | {"dry_run": dry_run})
        return
    took = f"about {_words(total['seconds'])} of work"
    if dry_run:
        screen.say(f"{total['matched']} of {total['looked_at']} files fit: {took} (nothing was queued)")
    else:
        screen.say(f"{total['queued']} of {total['matched']} files that fit were queued: {took}")
        if total["queued"] < total["matched"]:
            screen.say(f"{total['matched'] - total['queued']} have an open job already")


def _service(where: str) -> str:
    """Findings are ai's to make again, all else is processing's."""
    return "ai" if re.search(r"(^|\band\b)\s*ai\.", where, re.IGNORECASE) else "processing"


def _page(api: Api, service: str, body: dict[str, object]) -> dict[str, Any]:
    while True:
        try:
            answer: dict[str, Any] = api.post(f"/api/{service}/jobs/reprocess", body)
            return answer
        except CallFailed as failure:
            if failure.code not in ("job-queue-full", "rate-limited"):
                raise
        time.sleep(PAUSE_S)


def _wait(api: Api, service: str, queued: int, *, as_json: bool) -> None:
    """Until the bulk lane of the caller is empty; with a line whenever it moved."""
    told = None
    while left := api.get(f"/api/{service}/jobs/lanes")["bulk"]:
        if left != told and not as_json:
            screen.say(f"{max(0, queued - left)} of {queued} done")
        told = left
        time.sleep(PAUSE_S)


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
