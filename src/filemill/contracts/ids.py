"""Identifiers: lower-case UUIDv7 in text form. They sort by time of creation, which the databases rely on."""

import re
from typing import Annotated

from pydantic import StringConstraints

ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_ID = re.compile(ID_PATTERN)

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
FileId = Id

LOCAL_OWNER = "local"
"""The one user of an installation that runs without authentication."""


def is_id(text: str) -> bool:
    """Whether `text` has the form of one of our ids; anything else is answered as an unknown id."""
    return _ID.fullmatch(text) is not None
