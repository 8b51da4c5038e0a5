"""Choose the word index that belongs to the database."""

from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.text_index import TextIndex


def build_index() -> TextIndex:
    """The index of the embedded database."""
    return Fts5Index()
