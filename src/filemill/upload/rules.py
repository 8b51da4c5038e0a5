"""What is taken: the rules an upload must pass, each from the earliest fact that can decide it."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from filemill.chassis.bounds import CONTROLS, deeper_than
from filemill.chassis.errors import BadJson, BadRequest
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.contracts.upload import ZIP_FILES_MOST, Limits
from filemill.upload import polyglots
from filemill.upload.errors import ContentMismatch, FileTooLarge, Polyglot, QuotaExceeded, TypeNotAllowed
from filemill.upload.multipart import FIELDS_MOST_BYTES
from filemill.upload.names import NAME_MOST_BYTES
from filemill.upload.policy import fits
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import Kind, disguised

FORM_OVERHEAD_BYTES = FIELDS_MOST_BYTES + 64 * 1024
"""What a form may weigh besides its file."""
TAGS_MOST = 100
TAG_MOST_CHARACTERS = 100
TITLE_MOST_CHARACTERS = 500
JSON_DEPTH_MOST = 8
METADATA_MOST_BYTES = 16 * 1024
"""The fields travel in `file.uploaded`; with the longest title and tags that event still has less than its 64 KB."""

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The optional fields beside a file."""

    title: str | None
    tags: list[str]
    metadata: dict[str, Any]
    external_id: str | None


def check_length(
    length_header: str | None,
    settings: UploadSettings,
    room: Room,
    grant: UploadGrant | None = None,
    *,
    overhead_bytes: int = 0,
) -> None:
    """Refuse by `Content-Length`, before a byte of the body is read; without one only where there is no room at all."""
    length = int(length_header or 0)
    if length > most_bytes(settings, grant) + overhead_bytes:
        raise too_large(settings, grant)
    room.check(length)


def most_bytes(settings: UploadSettings, grant: UploadGrant | None) -> int:
    """How large a file may be, whatever its type."""
    return min(settings.max_file_bytes, (grant and grant.max_bytes) or settings.max_file_bytes)


def too_large(settings: UploadSettings, grant: UploadGrant | None = None) -> FileTooLarge:
    """The refusal of a file over the limit."""
    most = most_bytes(settings, grant)
    said_by = "FILEMILL_MAX_FILE_BYTES" if most == settings.max_file_bytes else "the upload token says so"
    return FileTooLarge(f"A file may have {most} bytes ({said_by}).")


def too_large_for(kind: Kind, most_bytes: int) -> FileTooLarge:
    """The refusal of a file that its type makes too large."""
    return FileTooLarge(f"A file of type {kind.content_type} may have {most_bytes} bytes (FILEMILL_MAX_BYTES_BY_TYPE).")


def over_quota(quota_bytes: int) -> QuotaExceeded:
    """The refusal of a file that does not fit beside what its owner has."""
    return QuotaExceeded(
        f"All versions together, the trash included, may have {quota_bytes} bytes (FILEMILL_QUOTA_BYTES); purge some."
    )


def check_kind(kind: Kind, filename: str, settings: UploadSettings, grant: UploadGrant | None = None) -> int:
    """Refuse what is not taken here, or not with this token; returns how many bytes a file of this kind may have.

    Native executables: by honest name 415, under another name 422. Other types: 415, as the settings say.
    """
    if not kind.is_executable:
        if not settings.policy.takes(kind.content_type):
            raise TypeNotAllowed(
                f"Files of type {kind.content_type} are not taken here (FILEMILL_ALLOW_TYPES, FILEMILL_DENY_TYPES)."
            )
        if grant is not None and grant.types and not fits(kind.content_type, grant.types):
            raise TypeNotAllowed(f"The upload token is for {', '.join(grant.types)}; this is {kind.content_type}.")
        most, limit = most_bytes(settings, grant), settings.policy.limit(kind.content_type)
        return most if limit is None else min(limit, most)
    if disguised(filename):
        raise ContentMismatch("The content is a native executable, which is not what the file name says.")
    raise TypeNotAllowed("Native executables are not taken. Put it into an archive if it has to be kept.")


def check_ends(head: bytes, tail: bytes, kind: Kind, filename: str, settings: UploadSettings) -> list[dict[str, str]]:
    """What is odd about a file, to be told with it. Raises `Polyglot` where the settings refuse such files."""
    if settings.polyglots == "allow":
        return []
    found = polyglots.find(head, tail, kind.content_type, filename)
    for warning in found:
        if warning.code == "polyglot" and settings.polyglots == "refuse":
            raise Polyglot(f"{warning.detail} Such files are not taken here (FILEMILL_POLYGLOTS).")
    return [warning.model_dump() for warning in found]


def etags(if_match: str | None) -> list[str] | None:
    """The SHA-256 of the contents that `If-Match` allows; None if any is (RFC 9110, 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    return [tag.strip().strip('"') for tag in if_match.split(",") if not tag.strip().startswith("W/")]


def check_idempotency_key(key: str | None) -> None:
    """A key is 1-255 printable ASCII characters."""
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.")


def read_fields(raw: dict[str, list[str]]) -> Fields:
    """The optional fields of a form. Raises `BadJson`, `BadRequest` with what is wrong."""
    title = _one(raw, "title", TITLE_MOST_CHARACTERS)
    external_id = _one(raw, "external_id", 255)
    text = _one(raw, "metadata", METADATA_MOST_BYTES)
    return Fields(title, _tags(raw.get("tags", [])), _json_object(text) if text else {}, external_id)


def limits(settings: UploadSettings, room: Room, used_bytes: int) -> Limits:
    """Every limit in force, as `GET /limits` shows them."""
    return Limits(
        max_file_bytes=settings.max_file_bytes,
        max_filename_bytes=NAME_MOST_BYTES,
        max_fields_bytes=FIELDS_MOST_BYTES,
        max_tags=TAGS_MOST,
        min_free_disk_bytes=room.floor_bytes,
        refused_types=["native executables (ELF, PE, Mach-O)", *settings.policy.denied],
        allowed_types=list(settings.policy.allowed),
        max_bytes_by_type=dict(settings.policy.most_bytes),
        idempotency_hours=settings.idempotency_hours,
        quota_bytes=settings.quota_bytes,
        used_bytes=used_bytes,
        trash_days=settings.trash_days,
        max_zip_files=ZIP_FILES_MOST,
        max_zip_bytes=settings.zip_most_bytes,
        uploads_at_once=settings.uploads_at_once_most,
        rate_per_s=(settings.rate_per_s or None) if settings.asks_for_credentials else None,
        rate_burst=settings.rate_burst if settings.asks_for_credentials and settings.rate_per_s else None,
    )


def _one(raw: dict[str, list[str]], name: str, most: int) -> str | None:
    values = raw.get(name, [])
    if len(values) > 1:
        raise BadRequest(f"The field {name!r} may be given once.")
    text = values[0].strip().replace("\x00", "") if values else ""
    if len(text) > most:
        raise BadRequest(f"The field {name!r} may have {most} characters.")
    return text or None


def _tags(values: list[str]) -> list[str]:
    tags: list[str] = []
    for value in values:
        listed = _json(value, "tags") if value.lstrip().startswith("[") else value.split(",")
        if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
            raise BadRequest("The field 'tags' is a comma-separated text or a JSON list of texts.")
        tags += [tag.strip().replace("\x00", "") for tag in listed if tag.strip()]
    tags = list(dict.fromkeys(tags))
    if len(tags) > TAGS_MOST or any(len(tag) > TAG_MOST_CHARACTERS for tag in tags):
        raise BadRequest(f"A file may have {TAGS_MOST} tags of {TAG_MOST_CHARACTERS} characters.")
    if any(CONTROLS.search(tag) for tag in tags):
        raise BadRequest("A tag has no control characters.")
    return tags


def _json_object(text: str) -> dict[str, Any]:
    value = _json(text, "metadata")
    if not isinstance(value, dict):
        raise BadJson("The field 'metadata' must be a JSON object.")
    if deeper_than(value, JSON_DEPTH_MOST):
        raise BadJson(f"The field 'metadata' may be nested {JSON_DEPTH_MOST} deep.")
    if len(orjson.dumps(value)) > METADATA_MOST_BYTES:  # escapes may be longer than what was sent
        raise BadRequest(f"The field 'metadata' may have {METADATA_MOST_BYTES} bytes.")
    return value


def _json(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise BadJson(f"The field {name!r} is not valid JSON: {error}.") from error
