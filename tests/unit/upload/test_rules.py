"""What is taken: sizes from the header, fields, keys; and what makes two requests the same."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.chassis.errors import BadJson, BadRequest, StorageFull
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.chassis.storage.build import build_store
from filemill.contracts.topics import Topic
from filemill.upload import rules
from filemill.upload.errors import FileTooLarge
from filemill.upload.idempotency import fingerprint
from filemill.upload.room import Room
from filemill.upload.rules import Fields, read_fields
from filemill.upload.settings import UploadSettings
from support import samples


def settings_with(tmp_path: Path, **more: Any) -> UploadSettings:
    return UploadSettings(data_dir=tmp_path, **{"max_file_bytes": 1000, "min_free_disk_bytes": 0} | more)


def room_of(settings: UploadSettings) -> Room:
    return Room(settings.data_dir, build_store(settings), settings.min_free_disk_bytes)


async def test_check_length_when_the_header_is_over_the_limit_then_refused_before_reading(tmp_path: Path) -> None:
    """The limit is inclusive; a form may weigh a little more than its file."""
    settings = settings_with(tmp_path)
    room = room_of(settings)
    rules.check_length(None, settings, room)
    rules.check_length("1000", settings, room)
    rules.check_length("1100", settings, room, overhead_bytes=100)
    for header, overhead in (("1001", 0), ("1101", 100), ("9" * 18, 0)):
        with pytest.raises(FileTooLarge, match="1000 bytes"):
            rules.check_length(header, settings, room, overhead_bytes=overhead)


async def test_check_length_when_the_disk_would_get_too_full_then_storage_full(tmp_path: Path) -> None:
    """Room is kept for the databases: the refusal comes before the disk is full."""
    settings = settings_with(tmp_path, min_free_disk_bytes=1 << 60)
    with pytest.raises(StorageFull):
        rules.check_length("10", settings, room_of(settings))


@pytest.mark.parametrize("key", ["a", "x" * 255, "uuid-0417", "!~"])
def test_check_idempotency_key_when_it_is_printable_then_it_is_taken(key: str) -> None:
    """1 to 255 printable ASCII characters."""
    rules.check_idempotency_key(key)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "tab\t", "ü", "a\n"])
def test_check_idempotency_key_when_it_is_not_then_bad_request(key: str) -> None:
    """Anything else is refused rather than cut."""
    with pytest.raises(BadRequest, match="Idempotency-Key"):
        rules.check_idempotency_key(key)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({}, Fields(None, [], {}, None)),
        ({"title": ["  A title "], "external_id": ["42"]}, Fields("A title", [], {}, "42")),
        ({"title": [""]}, Fields(None, [], {}, None)),
        ({"tags": ["a, b ,,a"]}, Fields(None, ["a", "b"], {}, None)),
        ({"tags": ['["x, y", "z"]', "a"]}, Fields(None, ["x, y", "z", "a"], {}, None)),
        ({"metadata": ['{"a": {"b": [1, null]}}']}, Fields(None, [], {"a": {"b": [1, None]}}, None)),
        (
            {"tags": ["no\u00a0break, \U0001f468\u200d\U0001f469"]},
            Fields(None, ["no\u00a0break", "\U0001f468\u200d\U0001f469"], {}, None),
        ),
        ({"unknown": ["ignored"]}, Fields(None, [], {}, None)),
    ],
)
def test_read_fields_when_they_are_good_then_they_are_understood(raw: dict[str, list[str]], fields: Fields) -> None:
    """Tags as text or JSON, metadata as a JSON object, the rest as text; unknown fields do no harm."""
    assert read_fields(raw) == fields


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ({"metadata": ["{"]}, BadJson),
        ({"metadata": ["[1]"]}, BadJson),
        ({"metadata": ["NaN"]}, BadJson),
        ({"metadata": ['{"a": NaN}']}, BadJson),
        ({"metadata": ['{"a":' * 9 + "1" + "}" * 9]}, BadJson),
        ({"metadata": ['{"a":' * 3_000]}, BadJson),
        ({"metadata": ['{"a":' * 900 + "1" + "}" * 900]}, BadJson),
        ({"metadata": ['{"a": "' + "\x7f" * 12_000 + "\\u0001" * 1_000 + '"}']}, BadRequest),
        ({"metadata": ['{"a": "' + "x" * 20_000 + '"}']}, BadRequest),
        ({"metadata": ["{}", "{}"]}, BadRequest),
        ({"tags": ["[1]"]}, BadRequest),
        ({"tags": ["["]}, BadJson),
        ({"tags": ["x" * 101]}, BadRequest),
        ({"tags": ["a\x01b"]}, BadRequest),
        ({"tags": [",".join(str(number) for number in range(101))]}, BadRequest),
        ({"title": ["a", "b"]}, BadRequest),
        ({"title": ["x" * 501]}, BadRequest),
        ({"external_id": ["x" * 256]}, BadRequest),
    ],
)
def test_read_fields_when_one_is_bad_then_the_refusal_names_it(
    raw: dict[str, list[str]], error: type[BadRequest]
) -> None:
    """A client learns which field is wrong."""
    with pytest.raises(error) as refused:
        read_fields(raw)
    assert type(refused.value) is error
    assert repr(next(iter(raw))) in refused.value.detail or "tag" in refused.value.detail


def test_read_fields_when_every_bound_is_met_then_the_event_still_fits() -> None:
    """The largest fields that are taken go into `file.uploaded`, which has at most 64 KB."""
    fields = read_fields(
        {
            "title": ["\x01" * 500],
            "external_id": ["\x01" * 255],
            "tags": [orjson.dumps([f"{number:03}" + "\U0001f389" * 97 for number in range(100)]).decode()],
            "metadata": ['{"a": "' + "x" * (rules.METADATA_MOST_BYTES - 20) + '"}'],
        }
    )
    assert len(fields.tags) == 100
    event = samples.event(
        Topic.UPLOADED,
        samples.uploaded(
            new_id(), filename="é" * 127, title=fields.title, tags=fields.tags, metadata=fields.metadata,
            external_id=fields.external_id,
        ),
    )  # fmt: skip
    wire.encode(event)


FIELDS = Fields("T", ["a", "b"], {"x": 1, "y": 2}, "id")


def test_fingerprint_when_the_request_is_the_same_then_so_is_the_print() -> None:
    """The order of JSON members says nothing."""
    same = Fields("T", ["a", "b"], {"y": 2, "x": 1}, "id")
    assert fingerprint("n", FIELDS, "aa") == fingerprint("n", same, "aa")


def test_fingerprint_when_anything_differs_then_so_does_the_print() -> None:
    """Name, fields and content each count, and one cannot stand in for another."""
    prints = {
        fingerprint("n", FIELDS, "aa"),
        fingerprint("m", FIELDS, "aa"),
        fingerprint("n", FIELDS, "ab"),
        *(
            fingerprint("n", fields, "aa")
            for fields in (
                Fields(None, ["a", "b"], {"x": 1, "y": 2}, "id"),
                Fields("T", ["b", "a"], {"x": 1, "y": 2}, "id"),
                Fields("T", ["a", "b"], {"x": 1}, "id"),
                Fields("T", ["a", "b"], {"x": 1, "y": 2}, None),
                Fields("id", ["a", "b"], {"x": 1, "y": 2}, "T"),
            )
        ),
    }
    assert len(prints) == 8


@given(st.dictionaries(st.sampled_from(["title", "tags", "metadata", "external_id"]), st.lists(st.text(), max_size=2)))
def test_read_fields_when_they_are_anything_then_fields_or_bad_request(raw: dict[str, list[str]]) -> None:
    """No field is a fault of ours."""
    try:
        fingerprint("n", read_fields(raw), "aa")
    except BadRequest:
        return
