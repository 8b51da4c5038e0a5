"""What the processing service refuses, by code."""

from filemill.chassis.errors import BadRequest, TooMany, Unprocessable


class BadFilter(BadRequest):
    code, title = "bad-filter", "The filter cannot be understood"


class JobQueueFull(TooMany):
    code, title = "job-queue-full", "Too many jobs are waiting"


class RenditionFailed(Unprocessable):
    code, title = "rendition-failed", "This picture cannot be made of the file"
