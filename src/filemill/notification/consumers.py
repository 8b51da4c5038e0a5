"""What notification learns from others: everything. Each event is kept for the streams of the file's owner."""

from typing import Any

from filemill.chassis.database.database import Tx, hold
from filemill.chassis.erasure import Erasure
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.notification import repository

QUEUE = "notification.live"
ERASURE = Erasure(repository.INVENTORY)
_OURS = frozenset({"storage_key", "client_address"})


def on_event(tx: Tx, event: Event) -> None:
    """Keep it for the streams. An event without an owner is nobody's to see."""
    owner_id = event.data.get("owner_id")
    if owner_id:
        hold(tx, QUEUE)  # a reader goes on from the last number it saw: a smaller one must not be committed after it
        shown = event.model_copy(update={"data": _public(event.data)})
        repository.add(tx, owner_id, event.type, event.subject, wire.encode(shown), event.time.timestamp())


def _public(value: Any) -> Any:
    """Storage keys and addresses are ours, at any depth; a stream shows neither."""
    if isinstance(value, dict):
        return {name: _public(inner) for name, inner in value.items() if name not in _OURS}
    return [_public(inner) for inner in value] if isinstance(value, list) else value


def on_purged(tx: Tx, event: Event) -> None:
    """Tell the streams, then forget what they were told of the file before."""
    on_event(tx, event)
    ERASURE.on_purged(tx, event)


HANDLERS: dict[str, Handler] = {**dict.fromkeys(Topic, on_event), Topic.PURGED: on_purged}
