"""`filemill jobs`: work of processing or ai, a line each."""

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed


def jobs(state: str | None, service: str, *, as_json: bool) -> None:
    """Print the newest. Raises `CallFailed`."""
    if service not in ("processing", "ai"):
        raise CallFailed("--service is processing or ai")
    for job in Api().get(f"/api/{service}/jobs", state=state)["items"]:
        if as_json:
            screen.json_line(job)
            continue
        reason = f"  {job['reason']['detail']}" if job["reason"] else ""
        screen.say(
            f"{job['job_id']}  ",
            screen.state(f"{job['state']:<9}"),
            f" file {job['file_id']}  try {job['attempts']}{reason}",
        )
