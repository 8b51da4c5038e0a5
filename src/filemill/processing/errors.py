"""What the processing service refuses, by code."""

from filemill.chassis.errors import BadRequest, TooMany, Unprocessable


class BadFilter(BadRequest):
    code, title = "bad-filter", "The filter cannot be understood"


class JobQueueFull(TooMany):
    code, title = "job-queue-full", "Too many jobs are waiting"


class NestedTooDeep(Unprocessable):
    code, title = "nested-too-deep", "The file came out of a file out of a file already"


class NothingInside(Unprocessable):
    code, title = "nothing-inside", "Nothing can be taken out of files of this type"


class RenditionFailed(Unprocessable):
    code, title = "rendition-failed", "This picture cannot be made of the file"
