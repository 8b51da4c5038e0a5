"""How many may wait for their answers follows what a service does; the rest is told when to come again."""

import pytest

from filemill.chassis.limits.admission import FLOOR, RETRY_MOST_S, WAIT_S, WINDOW_S, Admission, Place


class Clock:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def come(admission: Admission, count: int) -> list[Place]:
    """So many that are admitted and wait."""
    places = []
    for _ in range(count):
        assert admission.admits()
        places.append(admission.place())
        places[-1].take()
    return places


def serve(admission: Admission, clock: Clock, per_s: int, refused: int = 0) -> None:
    """A second in which `per_s` come and are answered, and `refused` find no room."""
    for _ in range(per_s):
        [place] = come(admission, 1)
        place.leave(answered=True)
    waiting = come(admission, admission.most - admission.waiting) if refused else []
    assert not any(admission.admits() for _ in range(refused))
    clock.now_s += WINDOW_S
    for place in waiting:
        place.leave(answered=False)
    admission.admits()


def test_admission_when_as_many_wait_as_may_then_the_next_is_refused_until_one_is_answered(clock: Clock) -> None:
    """The bound is exact, and a place that is free is free at once."""
    admission = Admission(clock=clock)
    places = come(admission, FLOOR)
    assert not admission.admits()
    places[0].leave(answered=True)
    come(admission, 1)
    assert not admission.admits()


def test_admission_when_many_are_answered_then_more_may_wait(clock: Clock) -> None:
    """Half a second's worth of what was answered in the last second; after a quiet second the floor again."""
    admission = Admission(clock=clock)
    serve(admission, clock, 1000)
    assert admission.most == int(1000 * WAIT_S)
    serve(admission, clock, 10)
    assert admission.most == FLOOR


def test_admission_when_those_who_wait_leave_then_this_counts_as_no_answer(clock: Clock) -> None:
    """A service that answers nobody is given no more than the floor, however many give up at it."""
    admission = Admission(clock=clock)
    for _ in range(10):
        for place in come(admission, FLOOR):
            place.leave(answered=False)
    clock.now_s += WINDOW_S
    assert admission.admits()
    assert admission.most == FLOOR


@pytest.mark.parametrize(
    ("answered", "refused", "after_s"),
    [(100, 0, 1), (100, 50, 1), (100, 400, 4), (100, 401, 5), (0, 500, RETRY_MOST_S)],
)
def test_refused_when_told_to_come_again_then_it_is_after_as_many_could_be_answered(
    clock: Clock, answered: int, refused: int, after_s: int
) -> None:
    """Four refused for each that is answered: in four seconds they are through. Never longer than half a minute."""
    admission = Admission(clock=clock)
    serve(admission, clock, answered, refused)
    assert admission.retry_after_s == after_s


def test_refused_when_there_are_many_then_they_are_told_of_once_a_second(clock: Clock) -> None:
    """One line for all, each counted once."""
    told: list[int] = []
    admission = Admission(clock=clock, told=told.append)
    serve(admission, clock, 10, 300)
    serve(admission, clock, 10)
    serve(admission, clock, 10, 7)
    assert told == [300, 7]


def test_place_when_taken_or_left_twice_then_it_counts_once(clock: Clock) -> None:
    """Also one that was never taken."""
    admission = Admission(clock=clock)
    place = admission.place()
    place.leave(answered=False)
    assert admission.waiting == 0
    place.take()
    place.take()
    assert admission.waiting == 1
    place.leave(answered=True)
    place.leave(answered=False)
    assert admission.waiting == 0
