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
    "description",
)

ENTRY = "filemill.ai.capabilities.run:run"
"""What the sandbox calls."""
PRELOAD = ("filemill.ai.capabilities.preloaded",)
"""What its zygote imports before it forks."""
