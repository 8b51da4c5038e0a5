"""Whom a call is made for, and what these credentials may do. Rights are scopes; whose files they are is the owner."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from filemill.contracts.ids import LOCAL_OWNER

How = Literal["none", "key", "session", "oidc", "service"]


class Scope(StrEnum):
    """What credentials may do with their owner's files; `admin` operates the installation, `service` is one of its parts."""

    READ = "files:read"
    WRITE = "files:write"
    DELETE = "files:delete"
    ADMIN = "admin"
    SERVICE = "service"


FILES = frozenset({Scope.READ, Scope.WRITE, Scope.DELETE})
GRANTABLE = FILES | {Scope.ADMIN}
"""What a person's credentials can hold; `service` is for our own processes."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that was recognised. `credential_id` is the key's or login's id, `token` what proves all this to a service."""

    owner_id: str
    scopes: frozenset[Scope]
    how: How
    credential_id: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def is_admin(self) -> bool:
        """Whether it may operate the installation."""
        return Scope.ADMIN in self.scopes


LOCAL = Principal(LOCAL_OWNER, GRANTABLE | {Scope.SERVICE}, "none")
"""The one user of an installation that asks nobody for credentials."""
