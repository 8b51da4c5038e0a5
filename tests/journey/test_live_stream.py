"""The live stream: every hop of a file as it happens, resumable, and nothing in it that is not the client's."""

from collections.abc import Iterator

import httpx
import orjson
import pytest

from filemill.contracts.envelope import Event
from journey.conftest import Finished, Upload
from support.mill import Mill


def frames(answer: httpx.Response) -> Iterator[tuple[int, str, Event]]:
    """(place, type, event) of each message."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        elif "data" in fields:
            yield int(fields["id"]), fields["event"], Event.model_validate(orjson.loads(fields["data"]))
            fields = {}


def of_file(answer: httpx.Response, file_id: str, until: str) -> list[tuple[int, str]]:
    """Places and types of one file's messages, until one of a type."""
    seen = []
    for place, kind, event in frames(answer):
        if event.subject == file_id:
            seen.append((place, kind))
            assert b"blobs/" not in orjson.dumps(event.data), kind
            assert "client_address" not in event.data
            if kind == until:
                return seen
    raise AssertionError("the stream ended")


def test_events_when_a_stream_breaks_then_it_goes_on_where_it_was(
    mill: Mill, upload: Upload, finished: Finished
) -> None:
    """`Last-Event-ID` names the last place; nothing is missed and nothing comes twice."""
    with mill.client() as reader:
        with reader.stream("GET", "/api/notifications/events") as live:
            assert live.headers["content-type"].startswith("text/event-stream")
            file_id = upload("live.txt", b"a live text with some words")["file_id"]
            first = of_file(live, file_id, "file.processed")
        assert first[0][1] == "file.uploaded"
        finished(file_id)
        with reader.stream("GET", "/api/notifications/events", headers={"Last-Event-ID": str(first[1][0])}) as again:
            second = of_file(again, file_id, "file.analyzed")
    places = [place for place, _ in [*first[:2], *second]]
    assert places == sorted(set(places))
    assert second[: len(first) - 2] == first[2:]


def test_events_when_the_place_is_in_the_address_then_it_counts_until_the_header_says_a_newer_one(
    mill: Mill, upload: Upload, finished: Finished
) -> None:
    """A browser's first request cannot have the header, and its later ones have the old address still."""
    with mill.client() as reader:
        with reader.stream("GET", "/api/notifications/events") as live:
            file_id = upload("address.txt", b"a place in the address")["file_id"]
            first = of_file(live, file_id, "file.processed")
        finished(file_id)
        address = f"/api/notifications/events?last_event_id={first[0][0]}"
        with reader.stream("GET", address) as again:
            second = of_file(again, file_id, "file.analyzed")
        with reader.stream("GET", address, headers={"Last-Event-ID": str(second[-2][0])}) as newest:
            third = of_file(newest, file_id, "file.analyzed")
    assert second[: len(first) - 1] == first[1:]
    assert third == second[-1:]


def test_events_when_they_are_asked_for_from_now_then_the_place_is_said_before_anything_has_happened(
    mill: Mill, upload: Upload
) -> None:
    """Whoever goes on from there has all that came since."""
    with mill.client() as reader:
        with reader.stream("GET", "/api/notifications/events?last_event_id=now") as live:
            lines = live.iter_lines()
            said = [next(line for line in lines if line.startswith(name)) for name in ("id:", "event:")]
        file_id = upload("since.txt", b"since then")["file_id"]
        with reader.stream("GET", f"/api/notifications/events?last_event_id={said[0][4:]}") as again:
            assert of_file(again, file_id, "file.uploaded")
    assert said[1] == "event: begun"


@pytest.mark.parametrize("place", ["", "x", "\xb2", "-1", "9" * 30, "9" * 5000, str(2**62)])
def test_events_when_the_place_is_none_then_the_stream_begins_now(mill: Mill, upload: Upload, place: str) -> None:
    """A place nobody gave out is no reason to fail, or to be silent for ever."""
    with mill.client() as reader:
        headers = {"Last-Event-ID": place.encode("latin-1")}
        with reader.stream("GET", "/api/notifications/events", headers=headers) as live:
            assert live.status_code == 200
            file_id = upload("now.txt", b"now")["file_id"]
            assert of_file(live, file_id, "file.uploaded")


def test_snapshot_when_it_is_asked_for_then_every_queue_is_in_it(client: httpx.Client) -> None:
    """The live map shows what waits where."""
    snapshot = client.get("/api/notifications/snapshot").json()
    assert {queue["queue"] for queue in snapshot["queues"]} >= {"metadata.catalogue", "processing.intake", "ai.intake"}
    assert snapshot["open_streams"] >= 0
