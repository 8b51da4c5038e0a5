"""What earlier releases published is understood for ever: golden messages, one per type and release.

A file in `golden/` is never changed after its release. A new release adds a folder; a field that is not in an older one
must be optional.
"""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from filemill.chassis.messaging import wire
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import EVENT_MAX_BYTES, Event
from filemill.contracts.erasures import OwnerErasing
from filemill.contracts.holds import FileHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.metadata import FileUpdated
from filemill.contracts.model import Contract
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.retention import FileExpiring
from filemill.contracts.topics import QUEUES, Topic
from filemill.contracts.upload import FileAccessed, FileLifecycle, FileQuarantined, FileStored, FileUploaded

AN_ID = "01a208df-459b-7282-809c-0d3995c7740e"  # fixed: it is part of a test's name

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*/*.json"))
PAYLOADS: dict[str, type[Contract]] = {
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
    Topic.OWNER_ERASING: OwnerErasing,
}
CONTRACT_FIELDS = {
    "file_id", "filename", "owner_id", "version", "size", "content_type", "sha256", "storage_key",
}  # fmt: skip
"""What the contract promises in `file.uploaded`."""


def contained(old: Any, new: Any) -> bool:
    """Whether everything in `old` is in `new` with the same value."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(name in new and contained(old[name], new[name]) for name in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(contained, old, new))
    return bool(old == new)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_when_an_old_release_sent_it_then_it_is_understood_without_loss(path: Path) -> None:
    """Every field of an old message is still a field with the same meaning."""
    body = path.read_bytes()
    event = wire.decode(body)
    data = PAYLOADS[event.type].model_validate(event.data)
    old = json.loads(body)
    assert contained(old, event.model_dump(mode="json"))
    assert contained(old["data"], data.model_dump(mode="json"))
    assert len(body) <= EVENT_MAX_BYTES
    assert wire.decode(wire.encode(event)) == event


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_when_a_newer_release_added_fields_then_they_are_ignored(path: Path) -> None:
    """A newer sender never breaks an older reader, at any depth."""
    event = json.loads(path.read_bytes())

    def with_news(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: with_news(inner) for name, inner in value.items()} | {"from_the_future": {"x": [1]}}
        return [with_news(inner) for inner in value] if isinstance(value, list) else value

    decoded = wire.decode(orjson.dumps(with_news(event)))
    read = PAYLOADS[decoded.type].model_validate(decoded.data)
    assert contained(event["data"], read.model_dump(mode="json"))
    assert "from_the_future" not in read.model_dump()


def test_golden_when_a_type_is_published_then_there_is_a_message_with_every_field() -> None:
    """The newest folder shows each model whole, so that no field is dropped unnoticed later."""
    newest = max(path.parent.name for path in GOLDEN)
    shown = {path.stem: json.loads(path.read_bytes()) for path in GOLDEN if path.parent.name == newest}
    assert set(shown) == set(PAYLOADS)
    for topic, event in shown.items():
        # Only a purge has a number, and only a delete can be a rule's.
        optional = {Topic.DELETED: {"purge_id"}, Topic.RESTORED: {"purge_id", "rule"}, Topic.PURGED: {"rule"}}.get(
            topic, set()
        )
        assert set(event["data"]) == set(PAYLOADS[topic].model_fields) - optional
        assert set(event) == set(Event.model_fields)


def test_uploaded_when_it_is_published_then_it_has_what_the_contract_names() -> None:
    """Services of others are written against these names."""
    assert FileUploaded.model_fields.keys() >= CONTRACT_FIELDS
    required = {name for name, field in FileUploaded.model_fields.items() if field.is_required()}
    assert required == CONTRACT_FIELDS | {"created_at"}


def test_encode_when_an_event_is_over_64_kb_then_it_is_refused() -> None:
    """Events carry keys and digests, never content."""
    path = next(path for path in GOLDEN if path.stem == Topic.UPLOADED)
    event = wire.decode(path.read_bytes())
    large = event.model_copy(update={"data": event.data | {"title": "x" * EVENT_MAX_BYTES}})
    with pytest.raises(ValueError, match="64 KB"):
        wire.encode(large)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"id": 1}', b"{" * 5000, orjson.dumps({"id": AN_ID, "type": "x"})],
)
def test_decode_when_it_is_no_event_then_value_error(body: bytes) -> None:
    """A foreign message in a queue is an error of that message, whatever it is."""
    with pytest.raises(ValueError):
        wire.decode(body)


def test_topics_when_a_queue_is_named_then_its_service_is_one_of_ours_and_every_type_is_heard() -> None:
    """The topology is static and complete: no event goes nowhere."""
    services = {"access", "upload", "metadata", "processing", "ai", "notification"}
    assert {queue.partition(".")[0] for queue in QUEUES} <= services
    assert set().union(*QUEUES.values()) == set(Topic)
