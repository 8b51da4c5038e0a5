"""New identifiers. Their form is `contracts.ids`; only the making is here, because it needs a library."""

from datetime import UTC, datetime

import uuid_utils


def new_id() -> str:
    """A fresh lower-case UUIDv7 (RFC 9562): unique, and ordered by creation within a process."""
    return str(uuid_utils.uuid7())


def made_at(some_id: str) -> datetime:
    """When an id was made, to the millisecond (RFC 9562, 5.7). Of two ids, the one that sorts first was not made later."""
    return datetime.fromtimestamp(int(some_id[:8] + some_id[9:13], 16) / 1000, UTC)
