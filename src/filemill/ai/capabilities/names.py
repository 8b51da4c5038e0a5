"""The names of the capabilities, in the order of the table: for those who ask for them and must not load what they need."""

NAMES: tuple[str, ...] = (
    "language",
    "barcodes",
    "entities",
    "keywords",
    "sentiment",
    "classification",
    "objects",
    "captions",
    "names",
    "embeddings",
    "description",
)

OPTIONAL: tuple[str, ...] = ("names", "embeddings")
"""Looked for without being asked only where a model for it is."""

AFTER: dict[str, tuple[str, ...]] = {
    "entities": ("language",),
    "keywords": ("language",),
    "sentiment": ("language",),
    "classification": ("entities", "barcodes"),
    "description": ("language", "barcodes", "entities", "keywords", "sentiment", "classification"),
}
"""What a capability looks at of the others' findings."""

ENTRY = "filemill.ai.capabilities.run:run"
"""What the sandbox calls."""
PRELOAD = ("filemill.ai.capabilities.preloaded",)
"""What its zygote imports before it forks."""
