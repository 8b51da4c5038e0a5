"""What processing learns from others: files to work on, files that are gone."""

from functools import partial

from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.erasure import Erasure
from filemill.chassis.jobs.table import INTERACTIVE
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle, FileUploaded
from filemill.processing import parts_repository, repository, results_repository, run
from filemill.processing.content import Content
from filemill.processing.repository import job_queue, known

QUEUE = "processing.intake"
ERASURE = Erasure(repository.INVENTORY)


def handlers(deadline_s: float) -> dict[str, Handler]:
    """The handlers of this service's queue; `deadline_s` is what one try of a run may take."""
    return {
        Topic.UPLOADED: partial(on_uploaded, deadline_s=deadline_s),
        Topic.DELETED: on_deleted,
        Topic.PURGED: ERASURE.on_purged,
        Topic.OWNER_ERASING: owner_erasure.on_erasing,
        Topic.RESTORED: partial(on_restored, deadline_s=deadline_s),
    }


def on_uploaded(tx: Tx, event: Event, *, deadline_s: float) -> None:
    """A file, or a new version of one: work on it."""
    data = FileUploaded.model_validate(event.data)
    results_repository.learn_content(tx, data.file_id, data.version, Content(data.owner_id, data.sha256))
    facts = {"filename": data.filename, "content_type": data.content_type, "size": data.size, "depth": data.depth}
    fresh = known.learn(tx, data.file_id, data.owner_id, data.version, data.storage_key, **facts)
    if fresh and known.living(tx, data.owner_id, data.file_id):
        run.enqueue(tx, data.file_id, lane=INTERACTIVE, cause="uploaded", deadline_s=deadline_s)


def on_deleted(tx: Tx, event: Event) -> None:
    """To the trash: stop what is open."""
    data = FileLifecycle.model_validate(event.data)
    if known.move(tx, data.file_id, data.owner_id, data.change, deleted=True):
        job_queue.cancel_open(tx, data.file_id)
        parts_repository.drop_waiting(tx, data.file_id)


def on_restored(tx: Tx, event: Event, *, deadline_s: float) -> None:
    """Back from the trash: go on with what the delete stopped."""
    data = FileLifecycle.model_validate(event.data)
    if not known.move(tx, data.file_id, data.owner_id, data.change, deleted=False):
        return
    last = repository.last_run(tx, data.file_id)
    stopped = last is None or last["state"] == "cancelled" or last["cancel_asked"]
    if stopped and known.living(tx, data.owner_id, data.file_id):
        run.enqueue(tx, data.file_id, lane=INTERACTIVE, cause="restored", deadline_s=deadline_s)
