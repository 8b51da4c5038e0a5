"""`filemill unpack`: what is in an archive or a mail becomes files of its own, and what became of each part."""

import time
from collections.abc import Sequence
from typing import Any

from filemill.cli import screen
from filemill.cli.api import Api

PAUSE_S = 0.5
_ENDED = frozenset({"done", "failed", "parked", "cancelled"})
_FAILED = 1


def unpack(file_id: str, paths: Sequence[str], *, wait: bool, as_json: bool) -> int:
    """Ask, and with `wait` follow until every part is a file, or says why not. Returns the exit status."""
    api = Api()
    job: dict[str, Any] = api.post(f"/api/processing/files/{file_id}/unpack", {"paths": list(paths) or None})
    if not wait:
        if as_json:
            screen.json_line(job)
        else:
            screen.say(f"{job['job_id']}  ", screen.state(job["state"]), "  (filemill unpack --wait shows the files)")
        return 0
    job = _followed(api, job, as_json=as_json)
    if job["state"] != "done":
        reason = job["reason"] or {}
        screen.say(screen.state(job["state"]), f"  {reason.get('detail', '')}  [{reason.get('code', '')}]")
        return _FAILED
    parts = _handed(api, file_id)
    for part in parts:
        if as_json:
            screen.json_line(part)
            continue
        why = f"  {part['reason']['detail']}" if part["reason"] else ""
        screen.say(f"{part['child_id'] or '-':<36}  ", screen.state(part["state"]), f"  {part['path']}{why}")
    if not as_json:
        screen.say(f"{sum(part['state'] == 'handed' for part in parts)} of {len(parts)} parts are files")
    return 0 if all(part["state"] == "handed" for part in parts) else _FAILED


def _followed(api: Api, job: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    """The job at its end; with a line whenever it got further."""
    told = None
    while job["state"] not in _ENDED:
        percent = (job["progress"] or {}).get("percent")
        if percent != told and percent is not None and not as_json:
            screen.say(f"{percent} %")
        told = percent
        time.sleep(PAUSE_S)
        job = api.get(f"/api/processing/jobs/{job['job_id']}")
    return job


def _handed(api: Api, file_id: str) -> list[dict[str, Any]]:
    """Every part, once none waits any more."""
    while True:
        parts = list(api.items(f"/api/processing/files/{file_id}/parts"))
        if not any(part["state"] == "waiting" for part in parts):
            return parts
        time.sleep(PAUSE_S)
