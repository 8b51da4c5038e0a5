"""New identifiers. Their form is `contracts.ids`; only the making is here, because it needs a library."""

import uuid_utils


def new_id() -> str:
    """A fresh lower-case UUIDv7 (RFC 9562): unique, and ordered by creation within a process."""
    return str(uuid_utils.uuid7())
