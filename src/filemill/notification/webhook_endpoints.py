"""The HTTP face of webhooks. Every call is about the caller's own; another's id is answered as an unknown one."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from filemill.chassis.database.database import Database
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import LIMIT_DEFAULT, CursorQuery, LimitQuery, decode_newest, encode_newest
from filemill.contracts.notification import (
    DeliveryState,
    NewWebhook,
    Replayed,
    ReplayFailed,
    RotateSecret,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
    WebhookPatch,
    WebhookWithSecret,
)
from filemill.notification import deliveries_repository, webhooks_repository
from filemill.notification.delivering import Dispatcher
from filemill.notification.errors import TooManyTests
from filemill.notification.webhooks import REPLAYED_MOST, Webhooks, shown, shown_delivery

TESTS_MOST = 16
"""Tests this process sends at once; each may take 15 seconds of its caller's patience."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoints:
    """The handlers and what they need."""

    database: Database
    webhooks: Webhooks
    dispatcher: Dispatcher
    testing: asyncio.Semaphore

    def router(self) -> APIRouter:
        """Every route of webhooks."""
        router = APIRouter(tags=["webhooks"])
        add = router.add_api_route
        add("/webhooks", self.make, methods=["POST"], status_code=201, summary="Be told of events by HTTP")
        add("/webhooks", self.list, methods=["GET"], summary="Your webhooks, newest first")
        add("/webhooks/{webhook_id}", self.find, methods=["GET"], summary="One webhook")
        add(
            "/webhooks/{webhook_id}", self.change, methods=["PATCH"], summary="Change a webhook, or switch it on or off"
        )
        add("/webhooks/{webhook_id}", self.remove, methods=["DELETE"], status_code=204, summary="Delete a webhook")
        add(
            "/webhooks/{webhook_id}/rotate-secret", self.rotate, methods=["POST"],
            summary="A new secret; the old one signs beside it for a while",
        )  # fmt: skip
        add("/webhooks/{webhook_id}/test", self.test, methods=["POST"], summary="Send a test now; what came of it")
        add(
            "/webhooks/{webhook_id}/deliveries", self.deliveries, methods=["GET"], summary="What was sent, newest first"
        )
        add(
            "/webhooks/{webhook_id}/replay", self.replay_failed, methods=["POST"], status_code=202,
            summary="Send again what failed since a moment",
        )  # fmt: skip
        add("/deliveries/{delivery_id}", self.delivery, methods=["GET"], summary="One delivery")
        add(
            "/deliveries/{delivery_id}/replay", self.replay, methods=["POST"], status_code=202, summary="Send one again"
        )
        return router

    async def make(self, new: NewWebhook, caller: CallerDep, request: Request, response: Response) -> WebhookWithSecret:
        """The answer shows the secret, once."""
        made = await self.webhooks.make(caller.owner_id, new)
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        response.headers["Location"] = f"{prefix}/webhooks/{made.webhook_id}"
        response.headers["Cache-Control"] = "no-store"
        return made

    async def list(
        self, caller: CallerDep, limit: LimitQuery = LIMIT_DEFAULT, cursor: CursorQuery = None
    ) -> WebhookPage:
        """A page of the caller's webhooks."""
        rows = await self.database.read(webhooks_repository.page, caller.owner_id, limit + 1, decode_newest(cursor))
        last = rows[limit - 1] if len(rows) > limit else None
        following = encode_newest(last["created_at"], last["webhook_id"]) if last else None
        return WebhookPage(items=[shown(row) for row in rows[:limit]], next_cursor=following)

    async def find(self, webhook_id: str, caller: CallerDep) -> Webhook:
        """One of the caller's webhooks."""
        return await self.webhooks.find(caller.owner_id, webhook_id)

    async def change(self, webhook_id: str, patch: WebhookPatch, caller: CallerDep) -> Webhook:
        """What is absent stays."""
        return await self.webhooks.change(caller.owner_id, webhook_id, patch)

    async def remove(self, webhook_id: str, caller: CallerDep) -> None:
        """With all about its deliveries."""
        await self.webhooks.remove(caller.owner_id, webhook_id)

    async def rotate(
        self, webhook_id: str, caller: CallerDep, response: Response, wanted: RotateSecret | None = None
    ) -> WebhookWithSecret:
        """The answer shows the new secret, once."""
        response.headers["Cache-Control"] = "no-store"
        return await self.webhooks.rotate(caller.owner_id, webhook_id, (wanted or RotateSecret()).overlap_s)

    async def test(self, webhook_id: str, caller: CallerDep) -> WebhookDelivery:
        """One try, also of a webhook that is switched off; answers when it is over, after 15 seconds at most."""
        if self.testing.locked():
            raise TooManyTests("Too many tests are on their way.", retry_after_s=5)
        async with self.testing:
            claimed = await self.webhooks.begin_test(caller.owner_id, webhook_id)
            await self.dispatcher.attempt(claimed)
        return await self.webhooks.delivery(caller.owner_id, claimed.delivery_id)

    async def deliveries(
        self,
        webhook_id: str,
        caller: CallerDep,
        state: Annotated[DeliveryState | None, Query(description="Only those in this state.")] = None,
        limit: LimitQuery = LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> WebhookDeliveryPage:
        """A page of what this webhook was, or will be, sent."""
        await self.webhooks.find(caller.owner_id, webhook_id)
        before = decode_newest(cursor)
        rows = await self.database.read(
            deliveries_repository.page, caller.owner_id, webhook_id, state, limit + 1, before
        )
        last = rows[limit - 1] if len(rows) > limit else None
        following = encode_newest(last["created_at"], last["delivery_id"]) if last else None
        return WebhookDeliveryPage(items=[shown_delivery(row) for row in rows[:limit]], next_cursor=following)

    async def delivery(self, delivery_id: str, caller: CallerDep) -> WebhookDelivery:
        """One delivery of a webhook of the caller's."""
        return await self.webhooks.delivery(caller.owner_id, delivery_id)

    async def replay(self, delivery_id: str, caller: CallerDep) -> WebhookDelivery:
        """With fresh tries, under the same `webhook-id`; one that waits for its next try is sent now."""
        return await self.webhooks.replay(caller.owner_id, delivery_id)

    async def replay_failed(self, webhook_id: str, wanted: ReplayFailed, caller: CallerDep) -> Replayed:
        """At most 10,000 at once."""
        count = await self.webhooks.replay_failed(caller.owner_id, webhook_id, wanted.failed_since)
        return Replayed(replayed=count, more=count == REPLAYED_MOST)
