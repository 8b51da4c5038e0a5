"""What metadata says of saved searches and merged tags."""

from typing import Literal

from pydantic import Field

from filemill.contracts.ids import Id
from filemill.contracts.model import Contract, Time

SEARCH_NAME_MOST_CHARACTERS = 100
SEARCH_QUERY_MOST_CHARACTERS = 1_000
MERGED_TAGS_MOST = 20
TAG_MOST_CHARACTERS = 100
SortOrder = Literal["newest", "oldest", "relevance", "name", "size"]
SearchMode = Literal["words", "hybrid"]


class NewSearch(Contract):
    """A search to be run again by its name; without `sort` and `mode` they are what they are for the query itself."""

    name: str = Field(min_length=1, max_length=SEARCH_NAME_MOST_CHARACTERS)
    query: str = Field(min_length=1, max_length=SEARCH_QUERY_MOST_CHARACTERS)
    sort: SortOrder | None = None
    mode: SearchMode | None = None


class SavedSearch(NewSearch):
    """A saved search."""

    search_id: Id
    created_at: Time


class SavedSearches(Contract):
    """The saved searches of an owner, by name."""

    items: list[SavedSearch]


class TagMerge(Contract):
    """Files with any of the tags `from` get `into` instead."""

    sources: list[str] = Field(alias="from", min_length=1, max_length=MERGED_TAGS_MOST)
    into: str = Field(min_length=1, max_length=TAG_MOST_CHARACTERS)
