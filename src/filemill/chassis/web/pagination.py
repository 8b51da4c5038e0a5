"""Keyset paging: a cursor names the last row seen, so pages stay right while rows arrive, and page 1,000 costs as page 1."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import Query

from filemill.chassis.errors import BadRequest

LIMIT_DEFAULT = 50
LIMIT_MOST = 500
_NUMBER_MOST = 1 << 62
"""Above any key of ours, and below what a database's integers hold even after adding a page."""

LimitQuery = Annotated[int, Query(ge=1, le=LIMIT_MOST, description="Items on a page.")]
CursorQuery = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]


def encode(*position: str | int | float) -> str:
    """A cursor for the row with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode("ascii")


def decode(cursor: str | None, *kinds: type) -> tuple[str | int | float, ...] | None:
    """The sort values in a cursor; None for the first page. Raises `BadRequest` for a text that is no cursor of ours."""
    if cursor is None:
        return None
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadRequest("cursor: not one that this list gave out") from error
    if not isinstance(position, list) or [type(value) for value in position] != list(kinds):
        raise BadRequest("cursor: not one that this list gave out")
    if any(isinstance(value, int) and not 0 <= value < _NUMBER_MOST for value in position):
        raise BadRequest("cursor: not one that this list gave out")
    return tuple(position)


def encode_newest(created_at: datetime, row_id: str | int) -> str:
    """A cursor of a list in the order `(time, id)`, newest first."""
    return encode(created_at.isoformat(), row_id)


def decode_newest(cursor: str | None) -> tuple[datetime, str] | None:
    """The position in such a cursor, where ids are text."""
    position = _decode_timed(cursor, str)
    return (position[0], str(position[1])) if position else None


def encode_number(number: int) -> str:
    """A cursor of a list in the order of one number."""
    return encode(number)


def decode_number(cursor: str | None) -> int | None:
    """The position in such a cursor."""
    position = decode(cursor, int)
    return int(position[0]) if position else None


def decode_newest_entry(cursor: str | None) -> tuple[datetime, int] | None:
    """The position in such a cursor, where ids are numbers."""
    position = _decode_timed(cursor, int)
    return (position[0], int(position[1])) if position else None


def _decode_timed(cursor: str | None, kind: type) -> tuple[datetime, str | int | float] | None:
    position = decode(cursor, str, kind)
    if position is None:
        return None
    try:
        moment = datetime.fromisoformat(str(position[0]))
        if moment.tzinfo is None:
            raise ValueError("a moment needs its offset")
        return moment.astimezone(UTC), position[1]
    except (ValueError, OverflowError) as error:
        raise BadRequest("cursor: not one that this list gave out") from error
