"""What a search asks for: words, conditions and order, from the query of a request; and where its next page goes on.

A cursor belongs to one search of one owner: it carries a digest of both, so one from another search, or one that was changed,
is refused and never answered with another list.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import Depends, Query

from filemill.chassis.errors import BadRequest
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.metadata.keys import time_floor
from filemill.metadata.search.fields import take_fields
from filemill.metadata.search.pages import Order, Place
from filemill.metadata.search.query import QUERY_MOST_CHARACTERS, Filters, Term, parse, positive

Q_HELP = 'Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x status:x owner:me created:>2026-01 size:>1MB.'
CURSOR_MOST_CHARACTERS = 2_000
CursorQuery = Annotated[
    str | None, Query(max_length=CURSOR_MOST_CHARACTERS, description="`next_cursor` of the page before.")
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it is asked for. `of_others`: files of somebody else, of which none is shown. `words`: without conditions."""

    terms: list[Term]
    filters: Filters
    of_others: bool
    words: str

    @property
    def nothing(self) -> bool:
        """Whether nothing can match it: signs that are no word ask for nothing, and files of others are not shown."""
        return self.of_others or bool(self.words and not self.terms)

    @property
    def unbounded(self) -> bool:
        """Whether it asks for every file, or for every file but some."""
        filters = self.filters
        return not (positive(self.terms) or filters.narrow or filters.since is not None or filters.until is not None)

    @property
    def is_search(self) -> bool:
        """Whether the word index has to be asked; else it is a list."""
        return bool(self.terms or self.filters.narrow)


async def asked_for(
    caller: CallerDep,
    q: Annotated[str, Query(max_length=QUERY_MOST_CHARACTERS, description=Q_HELP)] = "",
    type: Annotated[str | None, Query(max_length=200, description="image, pdf, table, or a media type.")] = None,  # noqa: A002 - the contract's name
    tag: Annotated[str | None, Query(max_length=100)] = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    owner: Annotated[str | None, Query(max_length=200, description="`me` or your own id.")] = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Asked:
    return asked_of(
        caller.owner_id, q, kind=type, tag=tag, status=status, owner=owner, created_after=created_after,
        created_before=created_before,
    )  # fmt: skip


def asked_of(
    owner_id: str,
    q: str,
    *,
    kind: str | None = None,
    tag: str | None = None,
    status: str | None = None,
    owner: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Asked:
    """What a query of an owner asks for, with conditions beside it. Raises `BadRequest`."""
    rest, fields = take_fields(q)
    owners = (*fields.owners, *([owner] if owner else []))
    terms = parse(rest)
    given = ((kind, "kinds"), (tag, "tags"), (status, "statuses"))
    filters = Filters(
        owner_id,
        since=_bound(max, _key(created_after), _key(fields.since)),
        until=_bound(min, _key(created_before), _key(fields.until)),
        least_bytes=fields.least_bytes,
        most_bytes=fields.most_bytes,
        **{name: (*getattr(fields, name), *([value] if value else [])) for value, name in given},
    )
    of_others = any(one not in ("me", owner_id) for one in owners)
    return Asked(terms, filters, of_others, rest.strip())


def both(first: Asked, second: Asked) -> Asked:
    """What two searches of one owner ask for together."""
    one, other = first.filters, second.filters
    filters = Filters(
        one.owner_id,
        (*one.kinds, *other.kinds),
        (*one.tags, *other.tags),
        (*one.statuses, *other.statuses),
        _bound(max, one.since, other.since),
        _bound(min, one.until, other.until),
        _bound(max, one.least_bytes, other.least_bytes),
        _bound(min, one.most_bytes, other.most_bytes),
    )
    words = f"{first.words} {second.words}".strip()
    return Asked([*first.terms, *second.terms], filters, first.of_others or second.of_others, words)


def _bound(pick: Callable[..., int], *bounds: int | None) -> int | None:
    said = [bound for bound in bounds if bound is not None]
    return pick(said) if said else None


AskedDep = Annotated[Asked, Depends(asked_for)]


@dataclass(frozen=True, slots=True)
class Continued:
    """Where a page goes on, which corrections of words it keeps, and whether its order is that of words alone."""

    place: Place
    taken: dict[str, str]
    by_words: bool


def cursor_of(asked: Asked, order: Order, more: str, since: Continued) -> str:
    """The cursor of the next page; `more` is whatever else chooses what is listed."""
    place = since.place
    said = orjson.dumps([place.value, since.taken, since.by_words]).decode()
    digest = _digest(asked, order, more, place.key, place.below, said)
    return pagination.encode(digest, place.key, place.below, said)


def continued(cursor: str | None, asked: Asked, order: Order, more: str) -> Continued | None:
    """The place in a cursor; None for the first page. Raises `BadRequest` for one that this search did not give out."""
    position = pagination.decode(cursor, str, int, int, str)
    if position is None:
        return None
    digest, key, below, said = str(position[0]), int(position[1]), int(position[2]), str(position[3])
    if digest != _digest(asked, order, more, key, below, said):
        raise BadRequest("cursor: it belongs to another search, or was changed; begin again without it")
    value, taken, by_words = orjson.loads(said)
    return Continued(Place(key, value, below), taken, by_words)


def _digest(asked: Asked, order: Order, more: str, key: int, below: int, said: str) -> str:
    body = repr((asked.terms, asked.filters, order, more, key, below, said))
    return hashlib.blake2s(body.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def _key(moment: datetime | None) -> int | None:
    if moment is not None and moment.tzinfo is None:
        raise BadRequest("A time needs its offset, such as 2026-01-31T00:00:00Z.")
    return None if moment is None else time_floor(moment)
