"""Merging tags: files with any of some tags get another instead, a page of files at a time.

It is a change of everything that a search finds, one search for each tag; whoever repeats it does no harm.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from filemill.chassis.database.database import Database
from filemill.chassis.errors import BadRequest
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import CursorQuery
from filemill.contracts.metadata import BulkPatch, BulkPatched
from filemill.contracts.searches import TagMerge
from filemill.metadata.asked import asked_of
from filemill.metadata.changing import change_all
from filemill.metadata.listing import newest
from filemill.metadata.rules import check_bulk
from filemill.metadata.search.pages import Place
from filemill.metadata.search.text_index import TextIndex

MERGED_AT_ONCE = 100
"""Files in one transaction."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """The handler and what it needs."""

    database: Database
    index: TextIndex
    wake_indexer: Callable[[], None]

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["metadata"])
        router.add_api_route(
            "/tags/merge",
            self.merge,
            methods=["POST"],
            response_model=BulkPatched,
            summary="One tag instead of several",
        )
        return router

    async def merge(
        self,
        asked: TagMerge,
        caller: CallerDep,
        dry_run: Annotated[bool, Query(description="Only count.")] = False,
        cursor: CursorQuery = None,
    ) -> BulkPatched:
        """A page of files at a time, tag by tag, newest first; go on with `next_cursor` until it is null."""
        sources = list(dict.fromkeys(asked.sources))
        if asked.into in sources:
            raise BadRequest(f"from: {asked.into!r} is what the others are to become.")
        patch = BulkPatch(add_tags=[asked.into], remove_tags=sources)
        check_bulk(patch)
        check_bulk(BulkPatch(add_tags=sources))
        of_this = _digest(caller.owner_id, sources, asked.into)
        at, place = _place(cursor, of_this, len(sources))
        search = asked_of(caller.owner_id, "", tag=sources[at])
        found = await self.database.read(newest, self.index, search, MERGED_AT_ONCE, place)
        # What has an earlier tag, too, was met with that one.
        rows = [hit.row for hit in found.hits if not set(sources[:at]) & set(hit.row["tags"])]
        run = partial(
            change_all, file_ids=[row["file_id"] for row in rows], asked=patch, caller=caller, dry_run=dry_run
        )
        done = await (self.database.read(run) if dry_run else self.database.write("metadata.tags.merge", run))
        if done.changed and not dry_run:
            self.wake_indexer()
        more: str | None = None
        if found.next is not None:
            more = pagination.encode(of_this, at, found.next.key)
        elif at + 1 < len(sources):
            more = pagination.encode(of_this, at + 1, 0)
        return BulkPatched(
            matched=done.changed + done.refused,
            changed=done.changed,
            refused=done.refused,
            next_cursor=more,
            dry_run=dry_run,
        )


def _place(cursor: str | None, of_this: str, sources: int) -> tuple[int, Place | None]:
    """At which tag, and behind which file. Raises `BadRequest` for a cursor of another merge."""
    position = pagination.decode(cursor, str, int, int)
    if position is None:
        return 0, None
    digest, at, key = position[0], int(position[1]), int(position[2])
    if digest != of_this or at >= sources:
        raise BadRequest("cursor: it belongs to another merge; begin again without it")
    return at, Place(key) if key else None


def _digest(owner_id: str, sources: list[str], into: str) -> str:
    body = repr((owner_id, sources, into))
    return hashlib.blake2s(body.encode(errors="surrogatepass"), digest_size=8).hexdigest()
