"""What the upload service refuses, by code."""

from filemill.chassis.errors import BadRequest, Conflict, TooLarge, Unprocessable, UnsupportedType


class EmptyFile(BadRequest):
    code, title = "empty-file", "The file is empty"


class MissingFile(BadRequest):
    code, title = "missing-file", "The form has no field named 'file'"


class NameTooLong(BadRequest):
    code, title = "name-too-long", "The file name is too long"


class FileTooLarge(TooLarge):
    code, title = "file-too-large", "The file is larger than this installation takes"


class QuotaExceeded(TooLarge):
    code, title = "quota-exceeded", "There is no room left for this owner"


class TypeNotAllowed(UnsupportedType):
    code, title = "type-not-allowed", "Files of this type are not taken"


class ContentMismatch(Unprocessable):
    code, title = "content-mismatch", "The content is not what the name says"


class IdempotencyKeyReused(Unprocessable):
    code, title = "idempotency-key-reused", "This Idempotency-Key was used for another request"


class IdempotencyInProgress(Conflict):
    code, title, retryable = (
        "idempotency-in-progress",
        "The first request with this Idempotency-Key is still running",
        True,
    )
