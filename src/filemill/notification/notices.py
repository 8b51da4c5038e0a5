"""What a webhook's owner is told by the service itself: events that are about the webhook, not about a file."""

from typing import Any

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.contracts.envelope import Event
from filemill.contracts.notification import WEBHOOK_DISABLED, WEBHOOK_TEST, WebhookNotice
from filemill.contracts.upload import Reason
from filemill.notification import repository, webhooks_repository

GONE = "gone"
RETRIES_USED_UP = "retries-used-up"
TOO_FAR_BEHIND = "too-far-behind"
SECRET_UNREADABLE = "secret-unreadable"  # noqa: S105 - a code

DETAILS = {
    GONE: "The receiver answered 410: it does not want to be called any more.",
    RETRIES_USED_UP: "An event failed on every try of the schedule, and nothing else was taken meanwhile.",
    TOO_FAR_BEHIND: "More events were waiting for it than may wait.",
    SECRET_UNREADABLE: "Its secret was sealed with a signing key that this installation no longer has; rotate the secret.",
}


def disable(tx: Tx, webhook_id: str, code: str) -> bool:
    """Stop calling a webhook and say so in its owner's live stream; False if it was off already."""
    owner_id = webhooks_repository.disable(tx, webhook_id, code, DETAILS[code])
    if owner_id is None:
        return False
    reason = Reason(code=code, detail=DETAILS[code], retryable=True)
    event = _event(WEBHOOK_DISABLED, WebhookNotice(webhook_id=webhook_id, owner_id=owner_id, reason=reason))
    repository.add(tx, owner_id, event.type, event.subject, wire.encode(event), event.time.timestamp())
    return True


def test_event(owner_id: str, webhook_id: str) -> Event:
    """What the test button sends."""
    said: dict[str, Any] = {"message": "This is a test; nothing happened."}
    return _event(WEBHOOK_TEST, WebhookNotice(webhook_id=webhook_id, owner_id=owner_id, detail=said))


def _event(kind: str, notice: WebhookNotice) -> Event:
    return Event(
        id=new_id(),
        source="/filemill/notification",
        type=kind,
        subject=notice.webhook_id,
        time=now(),
        data=notice.model_dump(mode="json", exclude_none=True),
    )
