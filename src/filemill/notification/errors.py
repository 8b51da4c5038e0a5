"""What the notification service refuses, by code."""

from filemill.chassis.errors import TooMany


class TooManyStreams(TooMany):
    code, title = "too-many-streams", "Too many live streams are open"
