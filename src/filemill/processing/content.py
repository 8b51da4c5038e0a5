"""What results are kept about, and where: the bytes of an owner, the place of one step's result among theirs."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one owner, in whichever of the owner's files they are."""

    owner_id: str
    sha256: str

    @property
    def key(self) -> str:
        """To hold, and to wait for."""
        return f"content:{self.sha256}:{self.owner_id}"


@dataclass(frozen=True, slots=True)
class Address:
    """One step's place: `inputs` is the digest of what else it depends on. `without`: programs it did not find."""

    step: str
    version: int
    inputs: str
    options: dict[str, Any]
    without: tuple[str, ...]
