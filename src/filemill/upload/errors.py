"""What the upload service refuses, by code."""

from filemill.chassis.errors import (
    BadRequest,
    Conflict,
    FilemillError,
    Forbidden,
    Locked,
    PreconditionFailed,
    TooLarge,
    TooMany,
    Unprocessable,
    UnsupportedType,
)


class EmptyFile(BadRequest):
    code, title = "empty-file", "The file is empty"


class MissingFile(BadRequest):
    code, title = "missing-file", "The form has no field named 'file'"


class NameTooLong(BadRequest):
    code, title = "name-too-long", "The file name is too long"


class FileTooLarge(TooLarge):
    code, title = "file-too-large", "The file is larger than this installation takes"


class ZipTooLarge(TooLarge):
    code, title = "zip-too-large", "These files are more than one zip may have"


class QuotaExceeded(TooLarge):
    code, title = "quota-exceeded", "There is no room left for this owner"


class TokenUsedUp(Forbidden):
    code, title = "token-used-up", "This upload token has made all its files"


class ShareInvalid(Forbidden):
    code, title = "share-invalid", "This is no link to a file of this installation"


class ShareExpired(Forbidden):
    code, title = "share-expired", "This link has expired"


class ShareRevoked(Forbidden):
    code, title = "share-revoked", "This link was taken back"


class TooManyShares(Conflict):
    """No retry helps until a link has ended."""

    code, title, retryable = "too-many-shares", "The file has as many links as it may", False


class TypeNotAllowed(UnsupportedType):
    code, title = "type-not-allowed", "Files of this type are not taken"


class NestedTooDeep(Unprocessable):
    code, title = "nested-too-deep", "The file came out of a file out of a file already"


class ContentMismatch(Unprocessable):
    code, title = "content-mismatch", "The content is not what the name says"


class Polyglot(Unprocessable):
    code, title = "polyglot", "The file is two things at once"


class IdempotencyKeyReused(Unprocessable):
    code, title = "idempotency-key-reused", "This Idempotency-Key was used for another request"


class IdempotencyInProgress(Conflict):
    code, title, retryable = (
        "idempotency-in-progress",
        "The first request with this Idempotency-Key is still running",
        True,
    )


class OffsetConflict(Conflict):
    code, title = "offset-conflict", "The upload has another number of bytes"


class UnderHold(Locked):
    """No retry helps until somebody releases the hold."""

    title, retryable = "The file is under a legal hold", False


class TooManyBytes(TooLarge):
    title = "The body is longer than was said"


class TusVersion(PreconditionFailed):
    code, title = "tus-version", "Tus-Resumable must be 1.0.0"


class ChunkMismatch(FilemillError):
    """460 is what tus calls it; no other protocol has that status."""

    code, status, title = "chunk-checksum-mismatch", 460, "The bytes are not those of Upload-Checksum"


class PartsMissing(Conflict):
    code, title, retryable = "parts-missing", "Not every part of this upload is in the store", True


class FileScanning(Forbidden):
    code, title, retryable = "file-scanning", "The file is being scanned and is not served yet", True


class FileQuarantined(Forbidden):
    code, title = "file-quarantined", "The file is held back and is not served"


class ChecksumMismatch(Unprocessable):
    code, title = "checksum-mismatch", "The bytes in the store are not those that were announced"


class TooManyAtOnce(TooMany):
    code, title = "too-many-uploads", "As many uploads of this owner arrive as may at once"
