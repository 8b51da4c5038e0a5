"""Hits as a table or as lines of JSON, page by page; numbers as a table.

Names and words are strangers': in a table a text that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import orjson

from filemill.contracts.analytics import Analytics, OwnerAnalytics

COLUMNS = (
    "file_id", "filename", "title", "size", "content_type", "sha256", "status", "analysis", "version", "owner_id", "tags",
    "external_id", "parent_id", "parent_path", "created_at", "updated_at", "summary",
)  # fmt: skip
"""Of a table; a line of JSON has everything a hit has but its links."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def table(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    """As CSV."""
    text = io.StringIO()
    writer = csv.writer(text)  # RFC 4180
    writer.writerow(COLUMNS)
    async for page in pages:
        for hit in page:
            writer.writerow([_cell(hit[name]) for name in COLUMNS])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


async def lines(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """As JSON, one object a line."""
    async for page in pages:
        yield b"".join(orjson.dumps(hit) + b"\n" for hit in page)


def numbers_table(numbers: Analytics) -> str:
    """A line for each day, two for all, one for each name in each group.

    `group,name,files,bytes,processed,failed,p50_ms,p95_ms`."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["group", "name", "files", "bytes", "processed", "failed", "p50_ms", "p95_ms"])
    for day in numbers.days:
        lines.writerow(["day", day.day, day.files, day.bytes, day.processed, day.failed, "", ""])
    lines.writerow(["total", "", numbers.files, numbers.bytes, "", "", "", ""])
    lines.writerow(["stored", "", numbers.files, numbers.bytes_stored, "", "", "", ""])
    groups = {
        "type": numbers.by_type,
        "status": numbers.by_status,
        "failure": numbers.failures,
        "tag": numbers.top_tags,
    }
    for group, names in groups.items():
        lines.writerows([group, _cell(name), files, "", "", "", "", ""] for name, files in names.items())
    both = {"": numbers.processing_ms}, {"": numbers.analysis_ms}
    for group, timed in zip(
        ("processing", "analysis", "step", "model"), (*both, numbers.steps_ms, numbers.models_ms), strict=True
    ):
        lines.writerows([group, _cell(name), one.count, "", "", "", one.p50, one.p95] for name, one in timed.items())
    return out.getvalue()


def owners_table(numbers: OwnerAnalytics) -> str:
    """A line for each owner."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["owner_id", "files", "bytes", "bytes_stored"])
    lines.writerows([_cell(one.owner_id), one.files, one.bytes, one.bytes_stored] for one in numbers.items)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Names and words are strangers': a spreadsheet must not run them (OWASP, CSV injection)."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
