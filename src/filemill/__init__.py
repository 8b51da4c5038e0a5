"""filemill: drop a file in; it is safe, understood, findable and announced."""

__version__ = "0.1.0"
