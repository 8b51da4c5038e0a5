"""What the upload service learns from others: metadata's word on status, analysis, title, tags, and on whose time is over."""

from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.envelope import Event
from filemill.contracts.metadata import FileUpdated
from filemill.contracts.retention import FileExpiring
from filemill.contracts.topics import Topic
from filemill.contracts.upload import PurgeConfirmed
from filemill.upload import lifecycle, purge, purges_repository, repository

QUEUE = "upload.copies"


def on_updated(tx: Tx, event: Event) -> None:
    """Take over the copy, if it is newer than ours."""
    update = FileUpdated.model_validate(event.data)
    repository.apply_copy(
        tx,
        update.file_id,
        update.revision,
        update.version,
        {"title": update.title, "tags": update.tags, "updated_at": update.updated_at},
        {
            "status": update.status,
            "status_reason": update.status_reason.model_dump() if update.status_reason else None,
            "analysis": update.analysis,
            "analysis_reason": update.analysis_reason.model_dump() if update.analysis_reason else None,
        },
    )


def on_expiring(tx: Tx, event: Event) -> None:
    """A rule of the owner says that a file's time is over."""
    lifecycle.expire(tx, FileExpiring.model_validate(event.data))


def on_confirmed(tx: Tx, event: Event) -> None:
    """A service has nothing of a purged file any more."""
    data = PurgeConfirmed.model_validate(event.data)
    purges_repository.confirm(tx, data.purge_id, data.service, data.removed, event.time, purge.SERVICES)


HANDLERS: dict[str, Handler] = {
    Topic.OWNER_ERASING: owner_erasure.on_erasing,
    Topic.UPDATED: on_updated,
    Topic.EXPIRING: on_expiring,
    Topic.PURGE_CONFIRMED: on_confirmed,
}
