"""What a queue receives is what its consumer handles: nothing is delivered only to be thrown away."""

from typing import Any

import pytest

from filemill.access import consumers as access
from filemill.ai import consumers as ai
from filemill.contracts.topics import QUEUES
from filemill.metadata import consumers as metadata
from filemill.notification import consumers as notification
from filemill.processing import consumers as processing
from filemill.upload import consumers as upload

INDEX: Any = None
HANDLED = {
    access.QUEUE: access.HANDLERS,
    upload.QUEUE: upload.HANDLERS,
    metadata.QUEUE: metadata.handlers(INDEX),
    processing.QUEUE: processing.handlers(60.0),
    ai.QUEUE: ai.handlers(60.0),
    notification.QUEUE: notification.HANDLERS,
}


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_when_an_event_comes_then_there_is_a_handler_for_it(queue: str) -> None:
    """And no handler waits for what never comes."""
    assert set(HANDLED[queue]) == set(QUEUES[queue])
