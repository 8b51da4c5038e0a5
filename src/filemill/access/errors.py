"""What the access service refuses, by code."""

from filemill.chassis.errors import Conflict


class TooManyKeys(Conflict):
    code, title = "too-many-keys", "This owner has as many keys as there may be"
