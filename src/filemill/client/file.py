"""A file as the client shows it: the facts everybody needs as fields, and all the rest as the server said it.

A newer server may say more, or know statuses that this client does not: both pass through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from filemill.client.errors import MillError

ENDED = frozenset({"processed", "failed", "quarantined"})


@dataclass(frozen=True, slots=True)
class File:
    """One file. `document` is all the server said: text, findings, renditions, `highlights` of a search hit."""

    file_id: str
    filename: str
    size: int
    content_type: str
    sha256: str
    status: str
    analysis: str
    version: int
    title: str | None
    tags: tuple[str, ...]
    created_at: str
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "File":
        """Raises `MillError` if this is no file."""
        try:
            return cls(
                file_id=document["file_id"], filename=document["filename"], size=document["size"],
                content_type=document["content_type"], sha256=document["sha256"], status=document["status"],
                analysis=document["analysis"], version=document["version"], title=document.get("title"),
                tags=tuple(document.get("tags", ())), created_at=document["created_at"], document=document,
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise MillError("not-a-filemill", "what answers there is not a filemill; see FILEMILL_URL") from error

    @property
    def is_done(self) -> bool:
        """Processed and analysed, or ended in another way."""
        return self.status in ENDED and self.analysis != "pending"


@dataclass(frozen=True, slots=True)
class Version:
    """One content a file has had."""

    version: int
    filename: str
    size: int
    content_type: str
    sha256: str
    created_at: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Version":
        return cls(**{name: document[name] for name in cls.__slots__})
