"""Live streams of real processes: resumed after a kill, across instances, and readers that do not read."""

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from filemill.chassis.ids import new_id
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from support import samples
from support.mill import wait_for
from support.notification_process import NotificationProcess, open_stream, stream_lines
from support.servers.postgresql import PostgreSql

pytestmark = pytest.mark.long


def events(count: int, title: str = "x") -> list[Event]:
    return [
        samples.event(Topic.UPLOADED, samples.uploaded(new_id(), owner_id="local", title=title)) for _ in range(count)
    ]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stream_when_the_service_is_restarted_then_it_goes_on_after_its_place(
    tmp_path: Path, how: signal.Signals
) -> None:
    """Places are those of the table: what happened while nobody listened comes, once, in order."""
    service = NotificationProcess(tmp_path / "data").start()
    try:
        with stream_lines(service) as messages:
            service.tell(events(3))
            seen = [next(messages) for _ in range(2)]
            service.end(how)
        service.start()
        service.tell(events(2))
        with stream_lines(service, last=seen[-1][0]) as messages:
            rest = [next(messages) for _ in range(3)]
    finally:
        service.end()
    places = [int(place) for place, _ in [*seen, *rest]]
    assert places == sorted(set(places))
    assert len(places) == 5


def test_stream_when_types_are_asked_for_then_others_do_not_come_and_unknown_ones_are_400(tmp_path: Path) -> None:
    """`?types=file.processed,webhook.*`."""
    service = NotificationProcess(tmp_path / "data").start()
    try:
        with stream_lines(service, query="types=file.processed") as messages:
            service.tell([*events(2), samples.event(Topic.PROCESSED, samples.processed(new_id()))])
            assert next(messages)[1] == "file.processed"
        refused = httpx.get(f"{service.url}/events", params={"types": "file.nothing"}, timeout=10)
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown-event-type")
        wait_for(lambda: service.metric("filemill_live_streams_open") == 0, "closed streams to be noticed")
    finally:
        service.end()


def test_stream_when_its_client_does_not_read_then_it_is_dropped_and_the_others_go_on(tmp_path: Path) -> None:
    """Nothing is buffered for it: it is cut off, and finds everything in the table when it comes back."""
    service = NotificationProcess(tmp_path / "data", FILEMILL_LIVE_HOURS="1").start()
    deaf = open_stream(service)
    try:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wait_for(lambda: service.metric("filemill_live_streams_open") == 1, "the stream to be open")
        before = service.rss_bytes()
        with stream_lines(service) as messages:
            for _ in range(6):
                service.tell(events(200, title="t" * 30_000))
            heard = [next(messages) for _ in range(1200)]
        assert len({place for place, _ in heard}) == 1200
        wait_for(lambda: service.metric("filemill_live_streams_dropped_total") == 1, "the deaf one to be dropped", 60)
        grown = service.rss_bytes() - before
        assert grown < 40_000_000, f"{grown} bytes for a reader of 36 MB that does not read"
        assert service.metric("filemill_live_streams_open") == 0
    finally:
        deaf.close()
        service.end()


@pytest.mark.servers
def test_stream_when_two_instances_share_a_database_then_each_hears_of_what_the_other_took_in(
    tmp_path: Path, postgresql_server: PostgreSql
) -> None:
    """A reader does not care which instance the event came to; it may go on at the other."""
    url = postgresql_server.fresh_database()
    one = NotificationProcess(tmp_path / "one", DATABASE_URL=url).start()
    two = NotificationProcess(tmp_path / "two", DATABASE_URL=url).start()
    try:
        with stream_lines(two) as messages:
            began_s = time.monotonic()
            one.tell(events(1))
            first = next(messages)
            assert time.monotonic() - began_s < 15
        one.tell(events(1))
        two.tell(events(1))
        with stream_lines(one, last=first[0]) as messages:
            rest = [next(messages) for _ in range(2)]
        assert len({first, *rest}) == 3
    finally:
        one.end()
        two.end()
