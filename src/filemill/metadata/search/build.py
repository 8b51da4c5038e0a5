"""Choose the word index that belongs to the database."""

from filemill.chassis.database.build import postgresql_url
from filemill.chassis.settings import ServiceSettings
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.postgresql_index import PostgresqlIndex
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vocabulary import VocabularyIndex


def build_index(settings: ServiceSettings) -> TextIndex:
    """The index inside the database these settings choose."""
    return VocabularyIndex(Fts5Index() if postgresql_url(settings) is None else PostgresqlIndex())
