"""Where exactly a document matched: on which page, in which custom field, in what was found by which capability, as which part.

`evidence` says in which of the five searched fields; this looks again into those alone, so what did not match costs nothing.
"""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import RowMapping

from filemill.contracts.metadata import MatchedAt
from filemill.metadata.search.entries import findings_words
from filemill.metadata.search.text_index import PAGE_MARK
from filemill.metadata.search.words import words

PLACES_MOST = 10
Fits = Callable[[list[str]], bool]
"""Whether some words are what was looked for."""


def whereabouts(row: RowMapping, matched: Sequence[str], pages: Sequence[int], fits: Fits) -> list[MatchedAt]:
    """The places in the fields that matched; `pages` are those of the text, in order."""
    places = list(_places(row, matched, pages, fits))
    if places and row["parent_id"]:
        places.insert(0, MatchedAt(field="attachment", name=row["parent_path"]))
    return places[:PLACES_MOST]


def page_at(text: str, position: int) -> int | None:
    """The page a place of a text of several is on, from 1; None for one that was kept before pages were marked in it."""
    return text.count(PAGE_MARK, 0, position) + 1 if PAGE_MARK in text else None


def pages_with(text: str, most: int, fits: Fits) -> list[int]:
    """The first pages on which what was looked for stands as a whole."""
    if PAGE_MARK not in text:
        return []
    found = (number for number, page in enumerate(text.split(PAGE_MARK), 1) if page and fits(words(page)))
    return [number for number, _ in zip(found, range(most), strict=False)]


def _places(row: RowMapping, matched: Sequence[str], pages: Sequence[int], fits: Fits) -> Iterator[MatchedAt]:
    for field in matched:
        if field == "text" and pages:
            yield from (MatchedAt(field="text", page=page) for page in pages)
        elif field == "title":
            yield from (MatchedAt(field=name) for name in _OWN if fits(words(str(row[name] or ""))))
            custom = row["custom"].items()
            yield from (
                MatchedAt(field="custom", name=name)
                for name, value in custom
                if isinstance(value, str | int | float) and fits(words(str(value)))
            )
        elif field == "findings":
            yield from (
                MatchedAt(field="findings", name=str(one["capability"]))
                for one in row["findings"]
                if fits(words(" ".join(findings_words([one]))))
            )
        else:
            yield MatchedAt(field=field)


_OWN = ("title", "description", "external_id")
"""What the searched field `title` is made of, beside custom fields."""
