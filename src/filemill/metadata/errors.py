"""What the metadata service refuses, by code."""

from filemill.chassis.errors import Conflict


class TooManyKept(Conflict):
    code, title = "too-many-kept", "There are as many of these as one owner may have"
