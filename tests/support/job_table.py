"""A job table of no service, for the tests of `chassis.jobs`."""

from typing import Any

from sqlalchemy import MetaData

from filemill.chassis.ids import new_id
from filemill.chassis.jobs.table import INTERACTIVE, NewJob, jobs_table

TABLES = MetaData()
JOBS = jobs_table(TABLES)


def new_job(**more: Any) -> NewJob:
    """A job about a file of its own, with any of its fields replaced."""
    values: dict[str, Any] = {
        "kind": "test", "file_id": new_id(), "owner_id": "ada", "version": 1, "run": 1, "lane": INTERACTIVE,
        "cause": "uploaded", "payload": {"x": 1}, "deadline_s": 60.0,
    }  # fmt: skip
    return NewJob(**values | more)
