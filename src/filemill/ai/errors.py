"""What the ai service refuses, by code."""

from filemill.chassis.errors import BadRequest


class UnknownCapability(BadRequest):
    code, title = "unknown-capability", "There is no such capability"
