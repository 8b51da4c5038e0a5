"""What a service with jobs refuses, by code."""

from filemill.chassis.errors import BadRequest, TooMany


class BadFilter(BadRequest):
    code, title = "bad-filter", "The filter cannot be understood"


class JobQueueFull(TooMany):
    code, title = "job-queue-full", "Too many jobs are waiting"
