"""Webhooks as their owner sees them: made, changed, shown, tested. Not for: sending (`sending`), who is next (`delivering`)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis import process_identity
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Conflict, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.chassis.outbound import RefusedDestination, Resolver, read
from filemill.chassis.sealing import Seal
from filemill.contracts.ids import is_id
from filemill.contracts.notification import NewWebhook, Webhook, WebhookDelivery, WebhookPatch, WebhookWithSecret
from filemill.contracts.upload import Reason
from filemill.notification import claims_repository, deliveries_repository, event_types, notices, webhooks_repository
from filemill.notification.claims_repository import Claimed
from filemill.notification.deliveries_repository import NewDelivery
from filemill.notification.errors import TooManyTests, TooManyWebhooks, WebhookUrlRefused
from filemill.notification.sending import refusal
from filemill.notification.webhook_secrets import new_secret
from filemill.notification.webhooks_repository import NewHook

REPLAYED_MOST = 10_000
_NO_WEBHOOK = "There is no webhook with this id."
_NO_DELIVERY = "There is no delivery with this id."


class Webhooks:
    """What can be done with one's webhooks. `most`: how many an owner may have."""

    def __init__(self, database: Database, seal: Seal, resolver: Resolver, most: int) -> None:
        self._database = database
        self._seal = seal
        self._resolver = resolver
        self._most = most

    async def make(self, owner_id: str, new: NewWebhook) -> WebhookWithSecret:
        """Raises `WebhookUrlRefused`, `UnknownEventType`, `TooManyWebhooks`."""
        types = event_types.checked(new.event_types, event_types.FILE_TYPES)
        host = await self._host(new.url)
        secret = new_secret()
        hook = NewHook(new_id(), owner_id, new.url, host, types, new.description, new.enabled, self._seal.close(secret))
        row = await self._database.write("notification.webhooks.make", webhooks_repository.add, hook, self._most)
        if row is None:
            raise TooManyWebhooks(f"You have {self._most}; delete one first.")
        return _with_secret(row, secret)

    async def change(self, owner_id: str, webhook_id: str, patch: WebhookPatch) -> Webhook:
        """Raises `NotFound`, `WebhookUrlRefused`, `UnknownEventType`."""
        await self.find(owner_id, webhook_id)
        values: dict[str, Any] = patch.model_dump(exclude_none=True)
        if patch.event_types is not None:
            values["event_types"] = event_types.checked(patch.event_types, event_types.FILE_TYPES)
        if patch.url is not None:
            values["host"] = await self._host(patch.url)
        if patch.enabled is True or patch.url is not None:
            values |= {"failures": 0, "rests_until": 0.0}
        if patch.enabled is not None:
            values |= {"reason_code": None, "reason_detail": None}
        row = await self._database.write(
            "notification.webhooks.change", webhooks_repository.change, owner_id, webhook_id, values
        )
        return shown(_there(row))

    async def find(self, owner_id: str, webhook_id: str) -> Webhook:
        """Raises `NotFound`."""
        if not is_id(webhook_id):
            raise NotFound(_NO_WEBHOOK)
        return shown(_there(await self._database.read(webhooks_repository.find, owner_id, webhook_id)))

    async def remove(self, owner_id: str, webhook_id: str) -> None:
        """Raises `NotFound`."""
        gone = is_id(webhook_id) and await self._database.write(
            "notification.webhooks.remove", webhooks_repository.remove, owner_id, webhook_id
        )
        if not gone:
            raise NotFound(_NO_WEBHOOK)

    async def rotate(self, owner_id: str, webhook_id: str, overlap_s: int) -> WebhookWithSecret:
        """A new secret; for `overlap_s` both sign. Raises `NotFound`."""
        await self.find(owner_id, webhook_id)
        secret = new_secret()
        until = now() + timedelta(seconds=overlap_s)
        row = await self._database.write(
            "notification.webhooks.rotate",
            webhooks_repository.rotate,
            owner_id,
            webhook_id,
            self._seal.close(secret),
            until,
        )
        return _with_secret(_there(row), secret)

    async def begin_test(self, owner_id: str, webhook_id: str) -> Claimed:
        """A test, in hand and written down before it is sent. Raises `NotFound`, `TooManyTests`."""
        await self.find(owner_id, webhook_id)
        event = notices.test_event(owner_id, webhook_id)
        new = NewDelivery(webhook_id, owner_id, event.id, event.type, "", wire.encode(event), "test")
        claimed = await self._database.write("notification.webhooks.test", _begin_test, new)
        if claimed is None:
            raise TooManyTests("A test of this webhook is on its way; look at its deliveries.", retry_after_s=15)
        return claimed

    async def delivery(self, owner_id: str, delivery_id: str) -> WebhookDelivery:
        """Raises `NotFound`."""
        if is_id(delivery_id):
            row = await self._database.read(deliveries_repository.find, owner_id, delivery_id)
            if row is not None:
                return shown_delivery(row)
        raise NotFound(_NO_DELIVERY)

    async def replay(self, owner_id: str, delivery_id: str) -> WebhookDelivery:
        """Send one again. Raises `NotFound`, `Conflict` for a test."""
        if (await self.delivery(owner_id, delivery_id)).cause == "test":
            raise Conflict("A test is not sent again; make another one.")
        row = await self._database.write(
            "notification.webhooks.replay", deliveries_repository.replay, owner_id, delivery_id
        )
        if row is None:
            raise NotFound(_NO_DELIVERY)
        return shown_delivery(row)

    async def replay_failed(self, owner_id: str, webhook_id: str, since: datetime) -> int:
        """Send again what failed since a moment, at most `REPLAYED_MOST`. Raises `NotFound`."""
        await self.find(owner_id, webhook_id)
        return await self._database.write(
            "notification.webhooks.replay-failed",
            deliveries_repository.replay_failed,
            owner_id,
            webhook_id,
            since.timestamp(),
            REPLAYED_MOST,
        )

    async def _host(self, url: str) -> str:
        try:
            await self._resolver.destination(url)
            return read(url).name.rstrip(".")
        except RefusedDestination as error:
            raise WebhookUrlRefused(f"{refusal(error)}.") from error


def _begin_test(tx: Tx, new: NewDelivery) -> Claimed | None:
    delivery_id = deliveries_repository.begin_test(tx, new, process_identity.me())
    return claims_repository.of_test(tx, delivery_id) if delivery_id else None


def shown(row: RowMapping) -> Webhook:
    """A webhook as its owner sees it."""
    return Webhook(**_fields(row))


def shown_delivery(row: RowMapping) -> WebhookDelivery:
    """A delivery as its owner sees it."""
    same = ("delivery_id", "webhook_id", "event_id", "type", "cause", "state", "attempts", "status_code", "duration_ms",
            "answer", "error", "created_at", "finished_at")  # fmt: skip
    waits = row["state"] == "queued"
    return WebhookDelivery(
        **{name: row[name] for name in same},
        file_id=row["file_id"] or None,
        next_try_at=datetime.fromtimestamp(row["due_at"], UTC) if waits else None,
    )


def _with_secret(row: RowMapping, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret(**_fields(row), secret=secret)


def _fields(row: RowMapping) -> dict[str, Any]:
    same = (
        "webhook_id",
        "url",
        "event_types",
        "description",
        "enabled",
        "failures",
        "last_success_at",
        "created_at",
        "updated_at",
    )
    code = row["reason_code"]
    old = row["old_secret_until"]
    return {name: row[name] for name in same} | {
        "disabled_reason": Reason(code=code, detail=row["reason_detail"], retryable=True) if code else None,
        "old_secret_until": old if old and old > now() else None,
    }


def _there(row: RowMapping | None) -> RowMapping:
    if row is None:
        raise NotFound(_NO_WEBHOOK)
    return row
