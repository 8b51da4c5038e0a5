"""The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers to values and back. Strict.

Whatever is not exactly as the protocol writes it is refused (`BadRequest`): these headers come from strangers, and some of
them are said back to others.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from filemill.chassis.errors import BadRequest
from filemill.contracts.ids import is_id

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
ALGORITHMS = ("sha1", "sha256")
CHUNK_TYPE = "application/offset+octet-stream"
METADATA_MOST_CHARACTERS = 16 * 1024
PAIRS_MOST = 64
PARTS_MOST = 1000

_NUMBER = re.compile(r"[0-9]{1,18}")
_PAIR = re.compile(r"([!-+\--~]{1,255})(?: ([A-Za-z0-9+/]*={0,2}))?")  # a key: printable ASCII, no blank, no comma
_CHECKSUM = re.compile(r"([a-z0-9]{1,20}) ([A-Za-z0-9+/]{1,100}={0,2})")
_PLACE = re.compile(r"(?:https?://[A-Za-z0-9._~:\[\]-]{1,255})?(?:/[A-Za-z0-9_-]{1,64}){0,4}/tus/([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a client says its bytes of one request hash to."""

    algorithm: str
    digest: bytes


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that is a plain number; None if it is not there."""
    text = headers.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f"{name} must be a plain number.")
    return int(text)


def read_metadata(text: str | None) -> dict[str, str]:
    """`Upload-Metadata`: names and their values as text."""
    if not text:
        return {}
    if len(text) > METADATA_MOST_CHARACTERS:
        raise BadRequest(f"Upload-Metadata may have {METADATA_MOST_CHARACTERS} characters.")
    found: dict[str, str] = {}
    pairs = text.split(",")
    if len(pairs) > PAIRS_MOST:
        raise BadRequest(f"Upload-Metadata may have {PAIRS_MOST} pairs.")
    for pair in pairs:
        match = _PAIR.fullmatch(pair.strip(" "))
        if match is None:
            raise BadRequest("Upload-Metadata is a list of 'name base64' with commas between them.")
        name = match[1]
        if name in found:
            raise BadRequest("A name in Upload-Metadata may be given once.")
        try:
            found[name] = base64.b64decode(match[2] or "", validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest("A value in Upload-Metadata is not the base64 of a UTF-8 text.") from error
    return found


def read_checksum(text: str | None) -> Checksum | None:
    """`Upload-Checksum`: one of `ALGORITHMS` and a digest of its length."""
    if text is None:
        return None
    match = _CHECKSUM.fullmatch(text)
    if match is None or match[1] not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum is one of {', '.join(ALGORITHMS)} and the base64 of the digest.")
    try:
        digest = base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise BadRequest("The digest in Upload-Checksum is not base64.") from error
    if len(digest) != {"sha1": 20, "sha256": 32}[match[1]]:
        raise BadRequest("The digest in Upload-Checksum has not the length of its algorithm.")
    return Checksum(match[1], digest)


def read_concat(text: str | None) -> tuple[str, list[str]]:
    """`Upload-Concat`: ("file", []), ("partial", []) or ("final", ids of the parts in order).

    A part is named by the address we gave it, absolute or not; of it only the id counts, and only an id of ours.
    """
    if text is None:
        return "file", []
    if text == "partial":
        return "partial", []
    kind, _, places = text.partition(";")
    if kind != "final" or len(places) > PARTS_MOST * 400:
        raise BadRequest("Upload-Concat is 'partial' or 'final;' and the addresses of the parts.")
    ids = []
    for place in places.split():
        match = _PLACE.fullmatch(place)
        if match is None or not is_id(match[1]):
            raise BadRequest("Upload-Concat names something that is no upload of this service.")
        ids.append(match[1])
    if not 1 <= len(ids) <= PARTS_MOST:
        raise BadRequest(f"Upload-Concat names 1 to {PARTS_MOST} parts.")
    return "final", ids


def http_date(at_s: float) -> str:
    """A moment as `Upload-Expires` writes it (RFC 9110 section 5.6.7)."""
    return format_datetime(datetime.fromtimestamp(int(at_s), UTC), usegmt=True)
