"""Which events exist, and which queue of which service listens to what.

This table is the whole topology. It is static on purpose: a publisher knows every queue before its consumer first
starts, so no event is lost to a service that is not there yet. The embedded transport and RabbitMQ are both set up
from it.
"""

from enum import StrEnum


class Topic(StrEnum):
    """Event types. The type is the routing key on exchange `files`."""

    UPLOADED = "file.uploaded"
    PROGRESS = "file.progress"
    PROCESSED = "file.processed"
    ANALYZED = "file.analyzed"
    FAILED = "file.failed"
    UPDATED = "file.updated"
    ACCESSED = "file.accessed"
    DELETED = "file.deleted"
    RESTORED = "file.restored"
    QUARANTINED = "file.quarantined"
    STORED = "file.stored"
    HOLD = "file.hold"
    EXPIRING = "file.expiring"
    PURGED = "file.purged"
    PURGE_CONFIRMED = "file.purge-confirmed"
    OWNER_ERASING = "owner.erasing"
    OWNER_ERASE_CONFIRMED = "owner.erase-confirmed"


EXCHANGE = "files"

_LIFE = frozenset({Topic.UPLOADED, Topic.DELETED, Topic.RESTORED, Topic.PURGED, Topic.OWNER_ERASING})

QUEUES: dict[str, frozenset[Topic]] = {
    "upload.copies": frozenset({Topic.UPDATED, Topic.EXPIRING, Topic.PURGE_CONFIRMED, Topic.OWNER_ERASING}),
    "metadata.catalogue": frozenset(Topic)
    - {Topic.UPDATED, Topic.EXPIRING, Topic.PURGE_CONFIRMED, Topic.OWNER_ERASE_CONFIRMED},
    "processing.intake": _LIFE,
    "ai.intake": _LIFE | {Topic.PROCESSED, Topic.FAILED},
    "notification.live": frozenset(Topic) - {Topic.OWNER_ERASE_CONFIRMED},
    "access.erasures": frozenset({Topic.OWNER_ERASE_CONFIRMED}),
}
"""Queue name (`<service>.<purpose>`) to the types it receives."""


def queues_for(topic: str) -> list[str]:
    """The queues that receive an event of this type, in a stable order."""
    return [queue for queue, topics in QUEUES.items() if topic in topics]


def queues_of(service: str) -> list[str]:
    """The queues that belong to one service."""
    return [queue for queue in QUEUES if queue.partition(".")[0] == service]
