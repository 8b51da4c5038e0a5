"""When a delivery is tried again, what `Retry-After` may say, and how secrets are kept."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from filemill.chassis.sealing import Seal, Unreadable
from filemill.notification.schedule import ASKED_MOST_S, JITTER, WAITS_S, asked_for_s, rest_s, wait_s
from filemill.notification.webhook_secrets import PURPOSE, new_secret

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_wait_when_tries_grow_then_it_is_the_table_with_jitter_and_has_an_end() -> None:
    """Never earlier than the table, at most a fifth later."""
    for tries, planned_s in enumerate(WAITS_S, 1):
        assert wait_s(tries, None, lambda: 0.0) == planned_s
        assert wait_s(tries, None, lambda: 1.0) == pytest.approx(planned_s * (1 + JITTER))
    assert wait_s(len(WAITS_S) + 1, None) is None
    assert wait_s(1, 900.0) == 900.0
    assert 3 * 86_400 < sum(WAITS_S) < 4 * 86_400


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None), ("", None), ("120", 120.0), ("0", 0.0), ("-5", None), ("1.5", None), ("9" * 50, ASKED_MOST_S),
        ("x" * 200, None), ("²", None), ("soon", None), (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0), ("Fri, 31 Dec 9999 23:59:59 GMT", ASKED_MOST_S),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_when_it_is_a_number_a_date_or_nonsense_then_it_is_bounded(
    said: str | None, seconds: float | None
) -> None:
    """A receiver may ask for patience, up to a day."""
    assert asked_for_s(said, NOW) == seconds


def test_rest_when_failures_grow_then_it_grows_to_a_minute() -> None:
    """Whatever the number is."""
    assert [rest_s(count, None) for count in (1, 2, 3, 7, 10_000)] == [1.0, 2.0, 4.0, 60.0, 60.0]
    assert rest_s(1, 600.0) == 600.0


def test_seal_when_keys_are_rotated_then_old_ones_open_and_the_newest_closes_again() -> None:
    """A key is taken away after its secrets were sealed anew; without it nothing is read."""
    secret, old, new = new_secret(), "o" * 32, "n" * 32
    sealed = Seal([old], PURPOSE).close(secret)
    both = Seal([new, old], PURPOSE)
    assert secret not in sealed
    assert both.open(sealed) == secret
    assert not both.is_newest(sealed)
    again = both.again(sealed)
    assert both.is_newest(again)
    assert Seal([new], PURPOSE).open(again) == secret
    for broken in (sealed, again[:-3] + "AAA", "", "x", "a.b.c.d.e"):
        with pytest.raises(Unreadable):
            Seal([new], PURPOSE).open(broken)
    assert Seal([old], PURPOSE).close(secret) != sealed, "a nonce was used twice"
