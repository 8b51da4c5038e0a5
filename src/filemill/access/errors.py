"""What the access service refuses, by code."""

from filemill.chassis.errors import Conflict


class TooManyKeys(Conflict):
    code, title = "too-many-keys", "This owner has as many keys as there may be"


class OwnerBeingErased(Conflict):
    code, title, retryable = "owner-being-erased", "This owner is being erased", True
