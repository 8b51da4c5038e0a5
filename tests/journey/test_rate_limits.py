"""How often somebody may call, on a real mill: by key, and by address for who has none; others are not touched."""

from collections.abc import Iterator

import pytest

from support.callers import Callers, make_key
from support.mill import Mill, wait_for

BURST = 20


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that gives each key two calls a second, twenty at once."""
    limits = {"FILEMILL_RATE_PER_S": "2", "FILEMILL_RATE_BURST": str(BURST)}
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
