"""What the ai service refuses, by code."""

from filemill.chassis.errors import BadRequest, NotFound


class UnknownCapability(BadRequest):
    code, title = "unknown-capability", "There is no such capability"


class NoEmbeddings(NotFound):
    code, title = "no-embeddings", "There are no vectors of this file's text"
