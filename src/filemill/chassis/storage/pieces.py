"""The port's part for bodies that arrive in several requests: pieces that are durable, and stores that can go on behind them.

Extra capabilities of a store (`isinstance` asks for them); a store without them takes whole bodies only.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from filemill.chassis.storage.store import Tap


@dataclass(frozen=True, slots=True)
class Piece:
    """A durable part of a body that is still arriving, under a name that only its store understands.

    `sha256` (hexadecimal) is known only of a part that somebody announced before sending it.
    """

    name: str
    size_bytes: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Where a part is sent with PUT, and the headers that must come with it as they are."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class PieceWriter(Protocol):
    """Takes the next bytes of an unfinished body. `close` ends it, whatever happened."""

    async def write(self, data: bytes) -> None:
        """Append. Raises `StorageFull`, `Unavailable`; what is durable already stays so."""
        ...

    async def checkpoint(self) -> tuple[Piece, ...]:
        """All pieces that are durable now, in order; the youngest bytes may be missing. More may be written."""
        ...

    async def finish(self) -> tuple[Piece, ...]:
        """All pieces, every byte that was written among them. Only `recorded` and `close` may follow."""
        ...

    async def recorded(self) -> None:
        """The pieces are written down where they will be looked up: let go of what they replace. Never raises."""
        ...

    async def close(self) -> None:
        """Let go of it; bytes behind the last pieces that were given out are not kept. Never raises."""
        ...


@runtime_checkable
class Resumes(Protocol):
    """A store that keeps bodies which arrive in several requests: an extra capability (`isinstance` asks for it).

    What is durable is a list of pieces, and whoever extends a body keeps that list. `upload_id` is an id of ours.
    """

    checkpoint_bytes: int
    """After so many bytes a checkpoint is worth its price."""

    async def extend(self, upload_id: str, pieces: Sequence[Piece], tap: Tap | None = None) -> PieceWriter:
        """Go on behind `pieces`; what lies behind them is dropped. Raises `Locked` while somebody else writes to it."""
        ...

    def read_pieces(self, upload_id: str, pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
        """The bytes of these pieces. Raises `NotFound` if they are gone, `Unavailable` if the store is away."""
        ...

    async def adopt(self, upload_id: str, pieces: Sequence[Piece], key: str) -> bool:
        """Make these pieces the blob `key` without copying them; they stay. False where this store cannot: then copy."""
        ...

    async def forget_pieces(self, upload_id: str) -> None:
        """Delete every piece of an upload, if there is one."""
        ...


@runtime_checkable
class SignsParts(Protocol):
    """A store to which others can send pieces by themselves, with a link: an extra capability (`isinstance` asks for it)."""

    async def sign_parts(self, parts: Sequence[Piece], expires_s: int) -> Sequence[SignedPart]:
        """Links that take a PUT of exactly so many bytes each, with this SHA-256 if one is known, for so long (at most 7 days).

        A part that was sent is afterwards the only piece, of this name, of the upload of this name. Where the store cannot
        bind a link to a length or a hash, only whoever reads the piece finds out.
        """
        ...
