"""The HTTP face of search: a page of hits, a plain list, and everything that matches as one table.

Not for: what a query means (`search`), one file (`endpoints`). A table that breaks off in the middle ends without its end, so
nobody takes a part for the whole.
"""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import BadRequest
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.metadata import SearchPage
from filemill.metadata import repository
from filemill.metadata.search import finder
from filemill.metadata.search.fields import take_fields
from filemill.metadata.search.query import QUERY_MOST_CHARACTERS, Filters, Term, parse, positive
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.views import hit_view, links_of

Sort = Literal["newest", "oldest", "relevance"]
Q_HELP = 'Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x status:x owner:me created:>2026-01 size:>1MB.'
EXPORT_PAGE = 500
COLUMNS = (
    "file_id", "filename", "title", "size", "content_type", "sha256", "status", "analysis", "version", "owner_id", "tags",
    "external_id", "parent_id", "parent_path", "created_at", "updated_at", "summary",
)  # fmt: skip
"""Of a table; a line of JSON has everything a hit has but its links."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it is asked for. `nothing`: nothing can match it, whatever there is."""

    terms: list[Term]
    filters: Filters
    nothing: bool

    @property
    def is_search(self) -> bool:
        """Whether the word index has to be asked; else it is a list."""
        return bool(self.terms or self.filters.narrow)


async def _asked(
    caller: CallerDep,
    q: Annotated[str, Query(max_length=QUERY_MOST_CHARACTERS, description=Q_HELP)] = "",
    type: Annotated[str | None, Query(max_length=200, description="image, pdf, table, or a media type.")] = None,  # noqa: A002 - the contract's name
    tag: Annotated[str | None, Query(max_length=100)] = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    owner: Annotated[str | None, Query(max_length=200, description="`me` or your own id.")] = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Asked:
    rest, fields = take_fields(q)
    owners = (*fields.owners, *([owner] if owner else []))
    terms = parse(rest)
    given = ((type, "kinds"), (tag, "tags"), (status, "statuses"))
    filters = Filters(
        caller.owner_id,
        since=max(filter(None, (_key(created_after), _key(fields.since))), default=None),
        until=min(filter(None, (_key(created_before), _key(fields.until))), default=None),
        least_bytes=fields.least_bytes,
        most_bytes=fields.most_bytes,
        **{name: (*getattr(fields, name), *([value] if value else [])) for value, name in given},
    )
    of_others = any(one not in ("me", caller.owner_id) for one in owners)
    # What is only excluded is excluded from something: from what the conditions ask for, if there are any.
    says_nothing = bool(rest.strip()) and not positive(terms) and not (terms and filters.narrow)
    return Asked(terms, filters, of_others or says_nothing)


AskedDep = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Searches:
    """The handlers and what they need."""

    database: Database
    index: TextIndex
    settings: MetadataSettings

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["metadata"])
        add = router.add_api_route
        add("/files", self.find, methods=["GET"], response_model=SearchPage, summary="Search, or list")
        add("/files/", self.find, methods=["GET"], include_in_schema=False)
        described: dict[int | str, dict[str, Any]] = {
            200: {"content": {kind: {} for kind in ("text/csv", "application/x-ndjson")}}
        }
        add("/export", self.export, methods=["GET"], response_class=StreamingResponse, responses=described,
            summary="Everything that matches, as CSV or lines of JSON")  # fmt: skip
        return router

    async def find(
        self,
        request: Request,
        asked: AskedDep,
        parent: Annotated[FileId | None, Query(description="Files that came out of this one.")] = None,
        sort: Sort | None = None,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> SearchPage:
        """Words are looked for in names, titles, tags, extracted text and findings."""
        if asked.nothing:
            return SearchPage(items=[])
        has_words = bool(positive(asked.terms))
        order: Sort = sort or ("relevance" if has_words else "newest")
        if order == "relevance" and not has_words:
            order = "newest"
        position = pagination.decode(cursor, str, int)
        if position is not None and position[0] != order:
            raise BadRequest("cursor: it belongs to another search")
        after = int(position[1]) if position else None
        if asked.is_search:
            if parent:
                raise BadRequest("parent works on a plain list, without q, type, tag and status.")
            if order == "oldest":
                raise BadRequest("sort=oldest works on a plain list, without q, type, tag and status.")
            found = await self.database.read(
                finder.search, self.index, asked.terms, asked.filters, limit, ranked=order == "relevance", after=after
            )
        else:
            found = await self.database.read(
                _plain, asked.filters, limit, after, parent, oldest_first=order == "oldest"
            )
        items = [hit_view(hit, links_of(request, self.settings, hit.row["file_id"])) for hit in found.hits]
        next_cursor = pagination.encode(order, found.last_key) if found.last_key is not None else None
        return SearchPage(
            items=items, next_cursor=next_cursor, facets=found.facets,
            facets_among=found.facets_among, ranked_among=found.ranked_among,
        )  # fmt: skip

    async def export(
        self,
        asked: AskedDep,
        format: Annotated[Literal["csv", "jsonl"], Query(description="A table, or a line of JSON a file.")] = "csv",  # noqa: A002 - as elsewhere
    ) -> StreamingResponse:
        """Newest first, without a bound, as it is sent: what arrives meanwhile is not in it.

        In a table a text that a spreadsheet would take for a formula begins with an apostrophe; lines of JSON are exact.
        """
        lines = _table(self._hits(asked)) if format == "csv" else _lines(self._hits(asked))
        name = f'attachment; filename="filemill-export.{format}"'
        return StreamingResponse(lines, media_type=_TYPES[format], headers={"Content-Disposition": name})

    async def _hits(self, asked: Asked) -> AsyncIterator[list[dict[str, Any]]]:
        after: int | None = None
        while not asked.nothing:
            if asked.is_search:
                found = await self.database.read(
                    finder.search, self.index, asked.terms, asked.filters, EXPORT_PAGE, ranked=False, after=after
                )
            else:
                found = await self.database.read(_plain, asked.filters, EXPORT_PAGE, after, None, oldest_first=False)
            yield [hit_view(hit, {}).model_dump(mode="json", exclude={"links"}) for hit in found.hits]
            if found.last_key is None:
                return
            after = found.last_key


async def _table(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)  # RFC 4180
    writer.writerow(COLUMNS)
    async for page in pages:
        for hit in page:
            writer.writerow([_cell(hit[name]) for name in COLUMNS])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


async def _lines(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(orjson.dumps(hit) + b"\n" for hit in page)


def _cell(value: Any) -> Any:
    """Names and words are strangers': a spreadsheet must not run them (OWASP, CSV injection)."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _plain(
    tx: Tx, filters: Filters, limit: int, after: int | None, parent: str | None, *, oldest_first: bool
) -> finder.Findings:
    rows = repository.newest(
        tx, filters.owner_id, limit + 1,
        after=after, since=filters.since, until=filters.until, oldest_first=oldest_first, parent=parent,
    )  # fmt: skip
    last_key = rows[limit - 1]["doc_id"] if len(rows) > limit else None
    return finder.Findings([finder.Found(row, None, [], []) for row in rows[:limit]], last_key, None, {})


def _key(moment: datetime | None) -> int | None:
    if moment is not None and moment.tzinfo is None:
        raise BadRequest("A time needs its offset, such as 2026-01-31T00:00:00Z.")
    return None if moment is None else repository.time_floor(moment)
