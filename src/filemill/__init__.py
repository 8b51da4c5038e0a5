"""filemill: drop a file in; it is safe, understood, findable and announced."""
