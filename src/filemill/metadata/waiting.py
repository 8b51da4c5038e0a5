"""Where a file's job stands at present, asked of the service whose job it is: for the sentence that says what a file waits for.

On failure: None. The sentence then says less, and the story itself is told all the same.
"""

from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.errors import FilemillError
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.metadata.why import JobNow

ASK_MOST_S = 0.5


async def job_now(row: RowMapping, processing: ServiceClient, ai: ServiceClient) -> JobNow | None:
    """The newest job of the file that is not processed, or not analysed, yet."""
    if row["status"] in ("uploaded", "processing"):
        return await _ask(processing, row["file_id"])
    return await _ask(ai, row["file_id"]) if row["analysis"] == "pending" else None


async def _ask(service: ServiceClient, file_id: str) -> JobNow | None:
    try:
        page: Any = await service.get_json(f"/jobs?file_id={file_id}&limit=1")
        jobs = page["items"] if page else []
        if not jobs:
            return None
        job: Any = jobs[0]
        if job["state"] == "queued":
            job = await service.get_json(f"/jobs/{job['job_id']}") or job
    except FilemillError:
        return None
    return JobNow(job["state"], job["files_ahead"], job["wait_s"], job["progress"] or {})
