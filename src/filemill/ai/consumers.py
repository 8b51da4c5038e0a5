"""What ai learns from others: files, what processing made of them, files that are gone."""

from functools import partial
from typing import Any

from filemill.ai import jobs, repository
from filemill.ai.repository import NEW_VERSION, job_queue, known
from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.erasure import Erasure
from filemill.chassis.errors import Unavailable
from filemill.chassis.jobs.table import INTERACTIVE
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.envelope import Event
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle, FileUploaded

QUEUE = "ai.intake"
ERASURE = Erasure(repository.INVENTORY)
PREVIEW = "preview"


def handlers(deadline_s: float) -> dict[str, Handler]:
    """The handlers of this service's queue; `deadline_s` is what one try of an analysis may take."""
    return {
        Topic.UPLOADED: on_uploaded,
        Topic.PROCESSED: partial(on_processed, deadline_s=deadline_s),
        Topic.FAILED: partial(on_failed, deadline_s=deadline_s),
        Topic.DELETED: on_deleted,
        Topic.PURGED: ERASURE.on_purged,
        Topic.OWNER_ERASING: owner_erasure.on_erasing,
        Topic.RESTORED: partial(on_restored, deadline_s=deadline_s),
    }


def on_uploaded(tx: Tx, event: Event) -> None:
    """A file, or a new version of one."""
    data = FileUploaded.model_validate(event.data)
    facts = {
        "filename": data.filename,
        "content_type": data.content_type,
        "size": data.size,
        "sha256": data.sha256,
        "uploaded_at": data.created_at,
        **NEW_VERSION,
    }
    known.learn(tx, data.file_id, data.owner_id, data.version, data.storage_key, **facts)


def on_processed(tx: Tx, event: Event, *, deadline_s: float) -> None:
    """Text and preview are there: analyse."""
    data = FileProcessed.model_validate(event.data)
    preview = next((one.storage_key for one in data.renditions if one.name == PREVIEW), None)
    values: dict[str, Any] = {
        "content_type": data.content_type,
        "properties": data.properties,
        "text_key": data.text.storage_key,
        "preview_key": preview,
        "processing_failed": None,
    }
    _start(tx, data.file_id, data.version, data.run, values, deadline_s)


def on_failed(tx: Tx, event: Event, *, deadline_s: float) -> None:
    """There is no text and no preview: say what can be said without."""
    data = FileFailed.model_validate(event.data)
    _start(tx, data.file_id, data.version, data.run, {"processing_failed": data.reason.model_dump()}, deadline_s)


def on_deleted(tx: Tx, event: Event) -> None:
    """To the trash: stop what is open."""
    data = FileLifecycle.model_validate(event.data)
    if known.move(tx, data.file_id, data.owner_id, data.change, deleted=True):
        job_queue.cancel_open(tx, data.file_id)


def on_restored(tx: Tx, event: Event, *, deadline_s: float) -> None:
    """Back from the trash: go on with what the delete stopped."""
    data = FileLifecycle.model_validate(event.data)
    if not known.move(tx, data.file_id, data.owner_id, data.change, deleted=False):
        return
    row, last = known.living(tx, data.owner_id, data.file_id), job_queue.latest(tx, data.file_id)
    stopped = last is None or last["state"] == "cancelled" or last["cancel_asked"]
    if row is not None and row["processed_run"] and stopped:
        jobs.enqueue(tx, row, lane=INTERACTIVE, cause="restored", deadline_s=deadline_s)


def _start(tx: Tx, file_id: str, version: int, run: int, values: dict[str, Any], deadline_s: float) -> None:
    row = known.get(tx, file_id)
    if row is None or row["version"] < version:
        raise Unavailable("The news of this version has not come yet; it comes through the same queue.")
    if not repository.processed(tx, file_id, version, run, values):
        return
    job_queue.make_due(tx, file_id)  # somebody asked before it was processed
    row = known.get(tx, file_id)
    if row is not None and not row["deleted"]:
        jobs.enqueue(tx, row, lane=INTERACTIVE, cause="processed", deadline_s=deadline_s)
