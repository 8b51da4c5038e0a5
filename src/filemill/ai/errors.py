"""What the ai service refuses, by code."""

from filemill.chassis.errors import BadRequest, NotFound, TooMany, Unavailable


class UnknownCapability(BadRequest):
    code, title = "unknown-capability", "There is no such capability"


class NoEmbeddings(NotFound):
    code, title = "no-embeddings", "There are no vectors of this file's text"


class NoModel(NotFound):
    code, title = "no-model", "No model for this is installed"


class ModelBusy(TooMany):
    code, title = "model-busy", "Too many wait for this model"


class ModelAway(Unavailable):
    code, title = "model-failed", "The model did not answer"
