"""What a mail carries besides its words: each attachment's name, type, size and SHA-256, and its bytes for who unpacks it.

Mail within a mail is one attachment; what it carries itself is not looked into. Not for: the words (document_text.py).
On failure: empty; a mail that only its words can be read of is still read.
"""

import hashlib
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import islice
from pathlib import Path
from typing import Any

from filemill.processing.steps.fitting import first_that_fit
from filemill.processing.steps.text_pages import clean

# The parser keeps about four times the mail in memory.
_MAIL_MAX_BYTES = 100 << 20
_PARTS_MAX = 1000
_NAME_MAX_CHARACTERS = 200
_MAIL = "message/rfc822"


def attachments(source: Path) -> list[dict[str, Any]]:
    """Return the attachments of a mail in the order of their parts."""
    if source.stat().st_size > _MAIL_MAX_BYTES:
        return []
    try:
        return first_that_fit(_attachment(part) for part in _carried(_parsed(source)))
    # The standard parser raises almost anything on headers that are none (ValueError, IndexError, AttributeError) and
    # RecursionError on parts nested without end.
    except Exception:  # noqa: BLE001
        return []


def contents(source: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, declared type and bytes of each attachment, in the same order. Raises `ValueError` if it is no mail."""
    if source.stat().st_size > _MAIL_MAX_BYTES:
        raise ValueError("the mail is too large to be taken apart")
    try:
        for part in _carried(_parsed(source)):
            name, content = _content(part)
            yield clean(name)[:_NAME_MAX_CHARACTERS], part.get_content_type()[:100], content
    except Exception as error:  # as above
        raise ValueError("the mail cannot be read") from error


def _parsed(source: Path) -> EmailMessage:
    with source.open("rb") as file:
        return BytesParser(EmailMessage, policy=policy.default).parse(file)


def _carried(mail: EmailMessage) -> list[EmailMessage]:
    found: list[EmailMessage] = []
    waiting: list[EmailMessage] = [mail]
    for _ in range(_PARTS_MAX):
        if not waiting:
            break
        part = waiting.pop()
        if part is not mail and (part.get_content_type() == _MAIL or part.is_attachment() or part.get_filename()):
            found.append(part)
        elif part.is_multipart():
            waiting += reversed(list(islice(part.iter_parts(), _PARTS_MAX)))  # type: ignore[arg-type]
    return found


def _attachment(part: EmailMessage) -> dict[str, Any]:
    name, content = _content(part)
    return {
        "name": clean(name)[:_NAME_MAX_CHARACTERS],
        "content_type": part.get_content_type()[:100],
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _content(part: EmailMessage) -> tuple[str, bytes]:
    if part.get_content_type() == _MAIL:
        inner = part.get_payload(0)
        content = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
        name = clean(str(inner.get("subject") or "")) if isinstance(inner, EmailMessage) else ""
        return part.get_filename() or f"{name or 'message'}.eml", content
    payload = part.get_payload(decode=True)
    return part.get_filename() or "attachment", payload if isinstance(payload, bytes) else b""
