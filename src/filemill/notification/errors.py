"""What the notification service refuses, by code."""

from filemill.chassis.errors import BadRequest, Conflict, TooMany, Unprocessable


class TooManyStreams(TooMany):
    code, title = "too-many-streams", "Too many live streams are open"


class UnknownEventType(BadRequest):
    code, title = "unknown-event-type", "There is no event of this type"


class WebhookUrlRefused(Unprocessable):
    code, title = "webhook-url-refused", "This address is not called"


class TooManyWebhooks(Conflict):
    code, title = "too-many-webhooks", "You have as many webhooks as one owner may have"


class TooManyTests(TooMany):
    code, title = "too-many-tests", "Tests of this webhook are still on their way"
