"""What the notification service says over HTTP: webhooks and their deliveries.

What a webhook receives is the event itself (`envelope.Event`), without what is ours alone (storage keys, addresses).
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from filemill.contracts.ids import Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

WEBHOOK_TEST = "webhook.test"
WEBHOOK_DISABLED = "webhook.disabled"
URL_MOST_CHARACTERS = 2000
OVERLAP_MOST_S = 7 * 24 * 3600

DeliveryState = Literal["queued", "running", "done", "failed"]


class NewWebhook(Contract):
    """Where to, and what: types by name (`file.processed`), or `file.*` for all of a kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=URL_MOST_CHARACTERS)
    event_types: list[str] = Field(default=["file.*"], min_length=1, max_length=50)
    description: str = Field(default="", max_length=500)
    enabled: bool = True


class WebhookPatch(Contract):
    """What is to be different; what is absent stays. `enabled: true` also forgives what went wrong before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(default=None, max_length=URL_MOST_CHARACTERS)
    event_types: list[str] | None = Field(default=None, min_length=1, max_length=50)
    description: str | None = Field(default=None, max_length=500)
    enabled: bool | None = None


class Webhook(Contract):
    """A webhook. `disabled_reason` says why we stopped calling it; `old_secret_until`: until then two secrets sign."""

    webhook_id: Id
    url: str
    event_types: list[str]
    description: str
    enabled: bool
    disabled_reason: Reason | None = None
    failures: int = Field(description="Tries that failed since the last that went well.")
    last_success_at: Time | None = None
    old_secret_until: Time | None = None
    created_at: Time
    updated_at: Time


class WebhookWithSecret(Webhook):
    """A webhook with the secret it signs with from now on. The secret is shown this once."""

    secret: str


class WebhookPage(Contract):
    """A page of webhooks, newest first."""

    items: list[Webhook]
    next_cursor: str | None = None


class RotateSecret(Contract):
    """For how long the secret so far signs beside the new one, so that a receiver can be changed without a gap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    overlap_s: int = Field(default=24 * 3600, ge=0, le=OVERLAP_MOST_S)


class WebhookDelivery(Contract):
    """One event on its way to one webhook. `status_code` to `error` are of the newest try.

    `event_id` is the `webhook-id` of every try, replays too: a receiver that has seen it has seen this body.
    """

    delivery_id: Id
    webhook_id: Id
    event_id: Id
    type: str
    file_id: str | None = None
    cause: Literal["event", "test", "replay"]
    state: DeliveryState
    attempts: int
    status_code: int | None = None
    duration_ms: float | None = None
    answer: str | None = Field(default=None, description="The first bytes of what was answered.")
    error: str | None = None
    next_try_at: Time | None = None
    created_at: Time
    finished_at: Time | None = None


class WebhookDeliveryPage(Contract):
    """A page of deliveries, newest first."""

    items: list[WebhookDelivery]
    next_cursor: str | None = None


class ReplayFailed(Contract):
    """Which to send again: what failed at or after this moment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    failed_since: Time


class Replayed(Contract):
    """How many were queued again; `more`: there are others, ask once more."""

    replayed: int
    more: bool


class WebhookNotice(Contract):
    """`data` of `webhook.disabled` (in the live stream) and `webhook.test`."""

    webhook_id: Id
    owner_id: str
    reason: Reason | None = None
    detail: dict[str, Any] | None = None
