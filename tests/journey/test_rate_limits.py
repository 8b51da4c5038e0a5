"""How often somebody may call, on a real mill: by key, and by address for who has none; others are not touched."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.callers import Callers, make_key
from support.mill import Mill, wait_for

BURST = 20


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that gives each key two calls a second, twenty at once."""
    limits = {"FILEMILL_RATE_PER_S": "2", "FILEMILL_RATE_BURST": str(BURST), "FILEMILL_UPLOADS_AT_ONCE": "2"}
    mill = Mill(tmp_path_factory.mktemp("rates") / "data", FILEMILL_AUTH="keys", **limits)
    try:
        mill.start()
        yield mill
    finally:
        mill.stop()


def test_key_when_it_comes_too_often_then_429_says_when_and_others_go_on(mill: Mill, client_with: Callers) -> None:
    """One count over all services; the answer tells how much is left; after the time it works again."""
    ann, bob = client_with(mill, make_key(mill, "ann")["key"]), client_with(mill, make_key(mill, "bob")["key"])
    first = ann.get("/api/upload/stats")
    assert first.headers["ratelimit-limit"] == str(BURST)
    assert int(first.headers["ratelimit-remaining"]) < BURST
    said = [ann.get(path) for _ in range(3 * BURST) for path in ("/api/upload/stats", "/api/metadata/analytics")]
    refused = [answer for answer in said if answer.status_code == 429]
    assert {answer.status_code for answer in said} == {200, 429}
    assert refused
    assert refused[0].json()["code"] == "rate-limited"
    assert refused[0].json()["retryable"]
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].headers["ratelimit-remaining"] == "0"
    assert [bob.get("/api/upload/stats").status_code for _ in range(5)] == [200] * 5
    wait_for(lambda: ann.get("/api/upload/stats").status_code == 200, "ann's count to come back", 10)


def test_address_when_keys_are_guessed_then_it_is_counted_and_good_keys_are_not(
    mill: Mill, client_with: Callers
) -> None:
    """Whoever tries keys is stopped by their address; somebody with a key at the same address is not."""
    guesser = client_with(mill, "fm_" + "A" * 43)
    carl = client_with(mill, make_key(mill, "carl")["key"])
    said = [guesser.get("/api/upload/stats").status_code for _ in range(3 * BURST)]
    assert set(said) == {401, 429}
    assert said[0] == 401
    assert carl.get("/api/upload/stats").status_code == 200
    assert guesser.post("/api/session", json={"key": "fm_" + "B" * 43}).status_code == 429


def test_uploads_when_an_owner_sends_more_than_may_at_once_then_429_before_the_body_and_others_go_on(
    mill: Mill, client_with: Callers
) -> None:
    """By form, raw and tus alike; when one ends there is room again."""
    dora, emil = (make_key(mill, name)["key"] for name in ("dora", "emil"))
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(_begun(mill, dora)) for _ in range(2)]
        seen = client_with(mill, dora)
        form = {"files": {"file": ("a.txt", b"words")}}

        def refused() -> bool:
            return seen.post("/api/upload/files", **form).status_code == 429

        wait_for(refused, "both bodies to be arriving", 10, every_s=0.5)
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
        said = seen.post("/api/upload/tus/", headers=tus)
        assert (said.status_code, said.json()["code"]) == (429, "too-many-uploads")
        assert int(said.headers["retry-after"]) >= 1
        assert client_with(mill, emil).post("/api/upload/files", **form).status_code == 201
        slow[0].close()
        wait_for(lambda: not refused(), "room for another", 20, every_s=1.0)


def _begun(mill: Mill, key: str) -> socket.socket:
    """An upload whose body has begun and does not go on."""
    line = socket.create_connection(("127.0.0.1", mill.ports["gateway"]))
    shown = f"Host: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 1000\r\n\r\n"
    head = f"PUT /api/upload/files?filename=a.bin HTTP/1.1\r\n{shown}"
    line.sendall(head.encode() + b"x" * 10)
    return line
