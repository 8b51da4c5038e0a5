"""What the ai service refuses, by code."""

from filemill.chassis.errors import BadRequest, TooMany


class UnknownCapability(BadRequest):
    code, title = "unknown-capability", "There is no such capability"


class JobQueueFull(TooMany):
    code, title = "job-queue-full", "Too many analyses are waiting"
