"""What the processing service refuses, by code."""

from filemill.chassis.errors import Unprocessable


class NestedTooDeep(Unprocessable):
    code, title = "nested-too-deep", "The file came out of a file out of a file already"


class NothingInside(Unprocessable):
    code, title = "nothing-inside", "Nothing can be taken out of files of this type"


class RenditionFailed(Unprocessable):
    code, title = "rendition-failed", "This picture cannot be made of the file"
