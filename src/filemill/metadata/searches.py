"""The HTTP face of search: a page of hits, a plain list, everything that matches as one table, or changed.

Not for: what a query means (`asked`, `search`), one file (`endpoints`). A table that breaks off in the middle ends without its
end, so nobody takes a part for the whole.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from filemill.chassis.database.database import Database
from filemill.chassis.errors import BadRequest, NotFound, Unavailable
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.metadata import BulkPatch, BulkPatched, SearchPage, Semantic, SimilarHit, SimilarPage
from filemill.metadata import repository
from filemill.metadata.asked import Asked, AskedDep, Continued, CursorQuery, asked_of, both, continued, cursor_of
from filemill.metadata.changing import change_all
from filemill.metadata.exporting import lines, table
from filemill.metadata.listing import newest, plain
from filemill.metadata.meaning import asked_question
from filemill.metadata.rules import check_bulk
from filemill.metadata.saved import find as find_saved
from filemill.metadata.search import finder, hybrid
from filemill.metadata.search.evidence import Found
from filemill.metadata.search.hybrid import Question
from filemill.metadata.search.pages import Order, Place
from filemill.metadata.search.query import positive
from filemill.metadata.search.similar import similar
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.views import hit_view, links_of

Mode = Literal["words", "hybrid"]
SavedQuery = Annotated[
    str | None, Query(max_length=100, description="A saved search, by its name; the rest narrows it.")
]
EXPORT_PAGE = 500
CHANGED_AT_ONCE = 100
"""In one transaction."""
CHANGING = "change"
"""In the cursors of a change, which are good for nothing else."""
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Searches:
    """The handlers and what they need."""

    database: Database
    index: TextIndex
    settings: MetadataSettings
    ai: ServiceClient
    wake_indexer: Callable[[], None]

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["metadata"])
        add = router.add_api_route
        add("/files", self.find, methods=["GET"], response_model=SearchPage, summary="Search, or list")
        add("/files/", self.find, methods=["GET"], include_in_schema=False)
        add(
            "/files/{file_id}/similar",
            self.similar,
            methods=["GET"],
            response_model=SimilarPage,
            summary="Files like it",
        )
        described: dict[int | str, dict[str, Any]] = {
            200: {"content": {kind: {} for kind in ("text/csv", "application/x-ndjson")}}
        }
        add("/export", self.export, methods=["GET"], response_class=StreamingResponse, responses=described,
            summary="Everything that matches, as CSV or lines of JSON")  # fmt: skip
        add("/files", self.change, methods=["PATCH"], response_model=BulkPatched,
            summary="Change tags and fields of everything that matches")  # fmt: skip
        return router

    async def find(
        self,
        request: Request,
        asked: AskedDep,
        parent: Annotated[FileId | None, Query(description="Files that came out of this one.")] = None,
        sort: Annotated[
            Order | None, Query(description="By relevance when there are words, else newest first.")
        ] = None,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        mode: Annotated[Mode | None, Query(description="`hybrid`: by words and by meaning.")] = None,
        cursor: CursorQuery = None,
        *,
        saved: SavedQuery = None,
        caller: CallerDep,
    ) -> SearchPage:
        """Words are looked for in names, titles, tags, extracted text and findings, in all their forms.

        In quotes they are exact. A word that nothing has is taken for the nearest one that names and titles have: `corrected`.
        """
        if saved is not None:
            kept = await self.database.read(find_saved, caller, saved)
            asked, sort, mode = both(asked_of(caller.owner_id, kept.query), asked), sort or kept.sort, mode or kept.mode
        mode = mode or "words"
        if asked.nothing:
            return SearchPage(items=[])
        if asked.is_search and parent:
            raise BadRequest("parent works on a plain list, without q, type, tag and status.")
        order = _order(asked, sort)
        if mode == "hybrid" and order != "relevance":
            raise BadRequest("mode=hybrid sorts by relevance; it needs words in q, and no other sort.")
        more = f"{parent or ''} {mode}"
        since = continued(cursor, asked, order, more)
        place, taken = (since.place, since.taken) if since else (None, None)
        semantic: Semantic | None = None
        if mode == "hybrid" and not (since and since.by_words):
            instead: dict[str, str] = taken or {}
            hint: dict[str, str] = {}
            if since is None:
                instead, hint = await self.database.read(finder.spelled, self.index, asked.terms, asked.filters)
            question = await asked_question(self.ai, asked)
            if isinstance(question, Question):
                found, compared = await self.database.read(
                    hybrid.search, self.index, asked.terms, asked.filters, limit,
                    asked=question, after=place, taken=instead,
                )  # fmt: skip
                semantic = _semantic(question, compared)
                return self._page(request, asked, order, more, replace(found, did_you_mean=hint), semantic)
            if place is not None:
                raise Unavailable(
                    f"{question.reason} Later pages need the same order; try again, or begin anew.", retry_after_s=5
                )
            semantic = Semantic(used=False, reason=question.reason)
        if asked.is_search:
            found = await self.database.read(
                finder.search, self.index, asked.terms, asked.filters, limit, order=order, after=place, taken=taken
            )
        else:
            found = await self.database.read(plain, asked.filters, order, limit, place, parent)
        return self._page(request, asked, order, more, found, semantic, by_words=True)

    async def similar(
        self, file_id: FileId, request: Request, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> SimilarPage:
        """Near-duplicates of a picture; files about the same as a text."""
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("There is no such file, or nothing is known of it yet.")
        alike = await self.database.read(similar, self.index, row, limit)
        items = [
            SimilarHit(
                **hit_view(Found(one, None, [], []), links_of(request, self.settings, one["file_id"])).model_dump(),
                similarity=value,
            )
            for one, value in alike.hits
        ]
        return SimilarPage(
            items=items, method=alike.way, compared=alike.compared, bounded=alike.bounded, model=alike.model
        )

    def _page(
        self, request: Request, asked: Asked, order: Order, more: str, found: finder.Findings,
        semantic: Semantic | None, *, by_words: bool = False,
    ) -> SearchPage:  # fmt: skip
        items = [hit_view(hit, links_of(request, self.settings, hit.row["file_id"])) for hit in found.hits]
        next_cursor = None
        if found.next is not None:
            next_cursor = cursor_of(asked, order, more, Continued(found.next, found.corrected, by_words))
        return SearchPage(
            items=items, next_cursor=next_cursor, facets=found.facets, facets_among=found.facets_among,
            ranked_among=found.among, corrected=found.corrected, did_you_mean=found.did_you_mean,
            not_indexed=found.behind, semantic=semantic,
        )  # fmt: skip

    async def export(
        self,
        asked: AskedDep,
        caller: CallerDep,
        saved: SavedQuery = None,
        format: Annotated[Literal["csv", "jsonl"], Query(description="A table, or a line of JSON a file.")] = "csv",  # noqa: A002 - as elsewhere
    ) -> StreamingResponse:
        """Newest first, without a bound, as it is sent: what arrives meanwhile is not in it.

        In a table a text that a spreadsheet would take for a formula begins with an apostrophe; lines of JSON are exact.
        """
        if saved is not None:
            asked = both(asked_of(caller.owner_id, (await self.database.read(find_saved, caller, saved)).query), asked)
        body = table(self._hits(asked)) if format == "csv" else lines(self._hits(asked))
        name = f'attachment; filename="filemill-export.{format}"'
        return StreamingResponse(body, media_type=_TYPES[format], headers={"Content-Disposition": name})

    async def change(
        self,
        patch: BulkPatch,
        asked: AskedDep,
        caller: CallerDep,
        dry_run: Annotated[bool, Query(description="Only count.")] = False,
        cursor: CursorQuery = None,
    ) -> BulkPatched:
        """A page of files at a time, newest first; go on with `next_cursor` until it is null. Repeating it does no harm.

        Files that are not in the index yet (`not_indexed` of a search) are not among them.
        """
        check_bulk(patch)
        since = continued(cursor, asked, "newest", CHANGING)
        if asked.nothing:
            return BulkPatched(dry_run=dry_run)
        found = await self.database.read(newest, self.index, asked, CHANGED_AT_ONCE, since.place if since else None)
        file_ids = [hit.row["file_id"] for hit in found.hits]
        run = partial(change_all, file_ids=file_ids, asked=patch, caller=caller, dry_run=dry_run)
        done = await (self.database.read(run) if dry_run else self.database.write("metadata.patch-all", run))
        if done.changed and not dry_run:
            self.wake_indexer()
        next_cursor = (
            cursor_of(asked, "newest", CHANGING, Continued(found.next, {}, by_words=True)) if found.next else None
        )
        return BulkPatched(
            matched=len(file_ids), changed=done.changed, refused=done.refused, next_cursor=next_cursor, dry_run=dry_run
        )

    async def _hits(self, asked: Asked) -> AsyncIterator[list[dict[str, Any]]]:
        after: Place | None = None
        while not asked.nothing:
            found = await self.database.read(newest, self.index, asked, EXPORT_PAGE, after)
            yield [hit_view(hit, {}).model_dump(mode="json", exclude={"links"}) for hit in found.hits]
            if found.next is None:
                return
            after = found.next


def _semantic(question: Question, compared: hybrid.Compared) -> Semantic:
    return Semantic(
        used=True, method="exact scan", model=question.model, compared=compared.documents, bounded=compared.bounded,
        of_other_models=compared.of_other_models,
    )  # fmt: skip


def _order(asked: Asked, sort: Order | None) -> Order:
    """Nothing can be relevant to no words."""
    has_words = bool(positive(asked.terms))
    order: Order = sort or ("relevance" if has_words else "newest")
    return "newest" if order == "relevance" and not has_words else order
