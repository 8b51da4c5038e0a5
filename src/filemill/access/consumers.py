"""What access learns from others: how far they are with erasing an owner."""

from filemill.access import erasing
from filemill.chassis.messaging.consumer import Handler
from filemill.contracts.topics import Topic

QUEUE = "access.erasures"
HANDLERS: dict[str, Handler] = {Topic.OWNER_ERASE_CONFIRMED: erasing.on_confirmed}
