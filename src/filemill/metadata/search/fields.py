"""Conditions on fields inside a query: `type:pdf tag:invoice status:failed owner:me created:>2026-01 size:>1MB`.

A name that is no field of ours, with its colon, is just words. Times are UTC. On failure: `BadRequest` that says how to write
it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from filemill.chassis.errors import BadRequest

_FIELD = re.compile(r'(?<!\S)(type|tag|status|owner|created|size):(?:"([^"]*)"?|(\S*))')
_BOUND = re.compile(r"(>=|<=|>|<)?(.+?)(?:\.\.(.+))?")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DATE_HELP = "write created:2026-01-31, created:2026-01, created:>=2026 or created:2026-01..2026-03"
_SIZE_HELP = "write size:>1MB, size:<=200KiB or size:1MB..2MB"


@dataclass(slots=True)
class Fields:
    """What a query says of fields. Times: from `since` on, and before `until`; sizes: both bounds are included."""

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    least_bytes: int | None = None
    most_bytes: int | None = None


def take_fields(query: str) -> tuple[str, Fields]:
    """The rest of a query, and what its fields say. Raises `BadRequest`."""
    fields = Fields()

    def take(match: re.Match[str]) -> str:
        name, value = match[1], (match[2] if match[2] is not None else match[3]).strip()
        if not value:
            raise BadRequest(f"q: {name}: has no value; write {name}:value, or put the words into quotes.")
        _TAKERS[name](fields, value)
        return " "

    return _FIELD.sub(take, query), fields


def _adds_to(name: str) -> Callable[[Fields, str], None]:
    def take(fields: Fields, value: str) -> None:
        setattr(fields, name, (*getattr(fields, name), value))

    return take


def _created(fields: Fields, value: str) -> None:
    sign, first, last = _bound(value)
    begins, ends = _period(first)
    if last is not None:
        ends = _period(last)[1]
    if sign in ("", ">=", ">"):
        since = ends if sign == ">" else begins
        fields.since = max(fields.since or since, since)
    if sign in ("", "<=", "<"):
        until = begins if sign == "<" else ends
        fields.until = min(fields.until or until, until)


def _size(fields: Fields, value: str) -> None:
    sign, first, last = _bound(value)
    begins = _bytes(first)
    ends = begins if last is None else _bytes(last)
    if sign in ("", ">=", ">"):
        fields.least_bytes = max(fields.least_bytes or 0, begins + (sign == ">"))
    if sign in ("", "<=", "<"):
        most = ends - (sign == "<")
        fields.most_bytes = most if fields.most_bytes is None else min(fields.most_bytes, most)


def _bound(value: str) -> tuple[str, str, str | None]:
    """(sign, value, end of a range); a range has no sign."""
    match = _BOUND.fullmatch(value)
    assert match is not None  # there is a value
    sign, first, last = match[1] or "", match[2], match[3]
    return ("", f"{sign}{first}", last) if last is not None else (sign, first, None)


def _period(text: str) -> tuple[datetime, datetime]:
    """The first moment of a day, month or year, and the first moment after it."""
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in match.groups())
        begins = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day is not None:
            return begins, begins + timedelta(days=1)
        if month is not None:
            return begins, (begins + timedelta(days=32)).replace(day=1)
        return begins, begins.replace(year=begins.year + 1)
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"q: created:{text[:40]} is no date; {_DATE_HELP}.") from error


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise BadRequest(f"q: size:{text[:40]} is no size; {_SIZE_HELP}.")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].lower()])


_TAKERS: dict[str, Callable[[Fields, str], None]] = {
    "type": _adds_to("kinds"), "tag": _adds_to("tags"), "status": _adds_to("statuses"), "owner": _adds_to("owners"),
    "created": _created, "size": _size,
}  # fmt: skip
