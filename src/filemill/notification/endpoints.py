"""The HTTP face of the notification service: the live stream, and a snapshot for the live map."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database
from filemill.chassis.messaging.transport import ParkingLot
from filemill.chassis.web.caller import AdminDep, CallerDep
from filemill.contracts.topics import QUEUES
from filemill.notification import event_types, repository
from filemill.notification.live import LiveStreams
from filemill.notification.live_response import LiveResponse

RATE_WINDOW_S = 60
NOW = "now"
_PLACE = re.compile("[0-9]{1,18}")
"""What a database's integers hold; anything else is no place of ours, and the stream begins now."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    streams: LiveStreams
    queues: ParkingLot

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["notifications"])
        router.add_api_route(
            "/events",
            self.events,
            methods=["GET"],
            summary="What happens to your files, live (server-sent events)",
            response_class=StreamingResponse,
            responses={200: {"content": {"text/event-stream": {}}}},
        )
        router.add_api_route("/snapshot", self.snapshot, methods=["GET"], summary="Queues and rates, now")
        return router

    async def events(
        self,
        caller: CallerDep,
        types: Annotated[str | None, Query(max_length=1000, description="Only these, separated by commas.")] = None,
        last_event_id: Annotated[str | None, Header()] = None,
        place: Annotated[
            str, Query(alias="last_event_id", max_length=40, description="Instead of the header; or `now`.")
        ] = "",
    ) -> LiveResponse:
        """`data` is the CloudEvent. Resumes after `Last-Event-ID`; without it the stream begins now.

        A browser cannot send that header with its first request: there `last_event_id` says it. The header, which the browser
        sends when it comes back, is newer and wins. After `now` the first message is `begun`: its id is the place.

        `types` are names (`file.processed`, `webhook.disabled`) or all of a kind (`file.*`).
        """
        said = last_event_id or place
        last = int(said) if _PLACE.fullmatch(said) else None
        wanted = event_types.expanded(types) if types is not None else None
        reader = await self.streams.begin(caller.owner_id, last, wanted)
        reader.announced = said == NOW
        return LiveResponse(self.streams, reader)

    async def snapshot(self, _caller: AdminDep) -> dict[str, Any]:
        """Depth and age of every queue, events of the last minute by type, open streams."""
        depths = [await self.queues.depth(queue) for queue in QUEUES]
        since = unix_s() - RATE_WINDOW_S
        return {
            "queues": [
                {"queue": one.queue, "waiting": one.waiting, "leased": one.leased, "parked": one.parked,
                 "oldest_s": round(one.oldest_s, 3)}
                for one in depths
            ],
            "events_last_minute": await self.database.read(repository.rates, since),
            "open_streams": self.streams.open,
        }  # fmt: skip
