"""AsyncAPI: each event with its data, and which queue of which service takes it."""

from typing import Any

from pydantic.json_schema import models_json_schema

from filemill import __version__
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import EVENT_MAX_BYTES, Event
from filemill.contracts.erasures import OwnerEraseConfirmed, OwnerErasing
from filemill.contracts.holds import FileHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.metadata import FileUpdated
from filemill.contracts.model import Contract
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.retention import FileExpiring
from filemill.contracts.topics import EXCHANGE, QUEUES, Topic, queues_for
from filemill.contracts.upload import (
    FileAccessed,
    FileLifecycle,
    FileQuarantined,
    FileStored,
    FileUploaded,
    PurgeConfirmed,
)

PAYLOADS: dict[Topic, type[Contract]] = {
    Topic.UPLOADED: FileUploaded,
    Topic.QUARANTINED: FileQuarantined,
    Topic.PROGRESS: FileProgress,
    Topic.PROCESSED: FileProcessed,
    Topic.ANALYZED: FileAnalyzed,
    Topic.FAILED: FileFailed,
    Topic.UPDATED: FileUpdated,
    Topic.ACCESSED: FileAccessed,
    Topic.DELETED: FileLifecycle,
    Topic.RESTORED: FileLifecycle,
    Topic.STORED: FileStored,
    Topic.HOLD: FileHold,
    Topic.EXPIRING: FileExpiring,
    Topic.PURGED: FileLifecycle,
    Topic.PURGE_CONFIRMED: PurgeConfirmed,
    Topic.OWNER_ERASING: OwnerErasing,
    Topic.OWNER_ERASE_CONFIRMED: OwnerEraseConfirmed,
}
"""The data of each event that is published today; the other topics are promised names."""


def asyncapi() -> dict[str, Any]:
    """The events: one channel per type, one message per model, one operation per queue that listens."""
    models = [Event, *dict.fromkeys(PAYLOADS.values())]
    _, found = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas = found["$defs"]
    envelope = schemas["Event"]
    channels, messages, operations = {}, {}, {}
    for topic, model in PAYLOADS.items():
        name = topic.value.replace(".", "-")
        data = {"type": "object", "properties": {"data": {"$ref": f"#/components/schemas/{model.__name__}"},
                                                 "type": {"const": topic.value}}}  # fmt: skip
        messages[name] = {
            "name": topic.value,
            "summary": (model.__doc__ or "").strip().splitlines()[0],
            "contentType": "application/cloudevents+json",
            "payload": {"allOf": [{"$ref": "#/components/schemas/Event"}, data]},
        }
        channels[name] = {
            "address": topic.value,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "bindings": {
                "amqp": {"is": "routingKey", "exchange": {"name": EXCHANGE, "type": "topic", "durable": True}}
            },
        }
        for queue in queues_for(topic):
            operations[f"{queue} receives {topic.value}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": f"Queue {queue}.",
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "filemill events",
            "version": __version__,
            "description": (
                f"CloudEvents 1.0 in JSON, at most {EVENT_MAX_BYTES} bytes each: keys and digests, never content. At least "
                "once, in any order; unknown fields are ignored. "
                f"Queues: {', '.join(QUEUES)}."
            ),
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"Event": envelope} | dict(sorted(schemas.items()))},
    }
