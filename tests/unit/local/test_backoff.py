"""The pause before a restart."""

from __future__ import annotations

from filemill.local.backoff import Backoff


def test_pause_when_a_unit_keeps_dying_then_it_doubles_to_ten_seconds() -> None:
    """A tenth of a second, then twice as long each time, at most ten seconds."""
    backoff = Backoff()
    assert [backoff.after_death(1.0) for _ in range(9)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_pause_when_a_unit_was_healthy_for_half_a_minute_then_it_starts_over() -> None:
    """An accident after a long good time costs a tenth of a second only."""
    backoff = Backoff()
    assert [backoff.after_death(0.0) for _ in range(5)][-1] == 1.6
    assert backoff.after_death(29.9) == 3.2
    assert backoff.after_death(30.0) == 0.1
    assert backoff.after_death(0.0) == 0.2
