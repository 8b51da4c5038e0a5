"""What metadata learns from the others: each event goes to the catalogue, the story, or both."""

from functools import partial

from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.erasure import Erasure
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import Event
from filemill.contracts.holds import FileHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileAccessed, FileLifecycle, FileQuarantined, FileStored, FileUploaded
from filemill.metadata import catalogue, repository, story, tallies
from filemill.metadata.search.text_index import TextIndex

QUEUE = "metadata.catalogue"
ERASURE = Erasure(repository.INVENTORY)


def on_uploaded(tx: Tx, event: Event) -> None:
    """A file, or a new version of one."""
    data = FileUploaded.model_validate(event.data)
    catalogue.uploaded(tx, event, data)
    story.uploaded(tx, event, data)


def on_quarantined(tx: Tx, event: Event) -> None:
    """A version that is kept and never served."""
    data = FileQuarantined.model_validate(event.data)
    catalogue.quarantined(tx, event, data)
    story.quarantined(tx, event, data)


def on_progress(tx: Tx, event: Event) -> None:
    """A job moved."""
    data = FileProgress.model_validate(event.data)
    catalogue.progressed(tx, event, data)
    story.progressed(tx, event, data)


def on_processed(tx: Tx, event: Event) -> None:
    """Processing is done."""
    data = FileProcessed.model_validate(event.data)
    catalogue.processed(tx, event, data)
    story.processed(tx, event, data)


def on_failed(tx: Tx, event: Event) -> None:
    """Processing gave up."""
    data = FileFailed.model_validate(event.data)
    catalogue.failed(tx, event, data)
    story.failed(tx, event, data)


def on_analyzed(tx: Tx, event: Event) -> None:
    """The analysis ended."""
    data = FileAnalyzed.model_validate(event.data)
    catalogue.analyzed(tx, event, data)
    story.analyzed(tx, event, data)


def on_deleted(tx: Tx, event: Event) -> None:
    """To the trash."""
    data = FileLifecycle.model_validate(event.data)
    catalogue.moved(tx, event, data, deleted=True)
    story.moved(tx, event, data, "deleted")


def on_restored(tx: Tx, event: Event) -> None:
    """Back from the trash."""
    data = FileLifecycle.model_validate(event.data)
    catalogue.moved(tx, event, data, deleted=False)
    story.moved(tx, event, data, "restored")


def on_accessed(tx: Tx, event: Event) -> None:
    """Opened, or refused."""
    story.accessed(tx, event, FileAccessed.model_validate(event.data))


def on_stored(tx: Tx, event: Event) -> None:
    """Compressed, or plain again."""
    catalogue.stored(tx, event, FileStored.model_validate(event.data))


def on_hold(tx: Tx, event: Event) -> None:
    """Held, let go, or kept from somebody who wanted it gone."""
    data = FileHold.model_validate(event.data)
    catalogue.held(tx, event, data)
    story.held(tx, event, data)


def on_purged(tx: Tx, event: Event, *, index: TextIndex) -> None:
    """Gone for good: nothing of it stays but that it was there, and who had it purged."""
    data = FileLifecycle.model_validate(event.data)
    row = repository.by_file(tx, data.file_id)
    if row is not None:
        index.remove(tx, [row["doc_id"]])
        tallies.changed(tx, row, None)
    ERASURE.on_purged(tx, event)
    story.audit(tx, event, data.owner_id, "purged", data.actor, None)


def handlers(index: TextIndex) -> dict[str, Handler]:
    """The handlers of this service's queue."""
    return HANDLERS | {Topic.PURGED: partial(on_purged, index=index)}


HANDLERS: dict[str, Handler] = {
    Topic.OWNER_ERASING: owner_erasure.on_erasing,
    Topic.UPLOADED: on_uploaded,
    Topic.QUARANTINED: on_quarantined,
    Topic.PROGRESS: on_progress,
    Topic.PROCESSED: on_processed,
    Topic.FAILED: on_failed,
    Topic.ANALYZED: on_analyzed,
    Topic.DELETED: on_deleted,
    Topic.RESTORED: on_restored,
    Topic.ACCESSED: on_accessed,
    Topic.STORED: on_stored,
    Topic.HOLD: on_hold,
}
