"""What notification learns from others: everything. Each event is kept for the streams and the webhooks of the file's owner."""

from typing import Any

from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.erasure import Erasure
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.envelope import Event
from filemill.contracts.topics import QUEUES, Topic
from filemill.notification import deliveries_repository, event_types, repository, webhooks_repository
from filemill.notification.deliveries_repository import NewDelivery

QUEUE = "notification.live"
ERASURE = Erasure(repository.INVENTORY)
_OURS = frozenset({"storage_key", "client_address"})


def on_event(tx: Tx, event: Event) -> None:
    """Keep it for the streams, and queue it for each webhook that wants it. Without an owner it is nobody's to see."""
    owner_id = event.data.get("owner_id")
    if owner_id:
        body = wire.encode(event.model_copy(update={"data": _public(event.data)}))
        repository.add(tx, owner_id, event.type, event.subject, body, event.time.timestamp())
        _queue(tx, owner_id, event, body)


def _queue(tx: Tx, owner_id: str, event: Event, body: bytes) -> None:
    wanted = [
        one for one in webhooks_repository.listening(tx, owner_id) if event_types.fits(event.type, one.event_types)
    ]
    deliveries_repository.add(
        tx, [NewDelivery(one.webhook_id, owner_id, event.id, event.type, event.subject, body) for one in wanted]
    )


def _public(value: Any) -> Any:
    """Storage keys and addresses are ours, at any depth; a stream shows neither."""
    if isinstance(value, dict):
        return {name: _public(inner) for name, inner in value.items() if name not in _OURS}
    return [_public(inner) for inner in value] if isinstance(value, list) else value


def on_purged(tx: Tx, event: Event) -> None:
    """Tell the streams, then forget what they were told of the file before."""
    on_event(tx, event)
    ERASURE.on_purged(tx, event)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(QUEUES[QUEUE], on_event),
    Topic.PURGED: on_purged,
    Topic.OWNER_ERASING: owner_erasure.on_erasing,
}
