"""What the access service says: who a caller is."""

from typing import Literal

from filemill.contracts.model import Contract


class Session(Contract):
    """The caller. `auth` is how they were recognised."""

    owner_id: str
    auth: Literal["none"]
    is_admin: bool
