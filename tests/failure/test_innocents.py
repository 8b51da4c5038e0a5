"""A message that kills its consumer takes no other message with it."""

import signal
import subprocess
import sys
from pathlib import Path

from filemill.chassis.messaging.consumer import TRIES_MOST
from filemill.chassis.messaging.sqlite_queue import SqliteQueue

_CONSUME_UNTIL_POISON = """
import os, signal, sys
from pathlib import Path
from filemill.chassis.messaging.sqlite_queue import SqliteQueue
queue = SqliteQueue(Path(sys.argv[1]), death_pause_s=float(sys.argv[2]))
while taken := queue.take(50, 30.0):
    if any(one.body == b"poison" for one in taken):
        os.kill(os.getpid(), signal.SIGKILL)
    print(max(one.tries for one in taken), flush=True)
    queue.ack([one.seq for one in taken])
queue.close()
"""


def _consume(path: Path, death_pause_s: float) -> tuple[int, list[int]]:
    """A consumer that the poison kills: (its exit status, how often what it did handle had been tried)."""
    command = [sys.executable, "-c", _CONSUME_UNTIL_POISON, str(path), str(death_pause_s)]
    done = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, [int(tries) for tries in done.stdout.split()]


def test_queue_when_one_message_kills_its_taker_then_no_other_is_blamed(tmp_path: Path) -> None:
    """The first death is everybody's, since nobody knows whose fault it was; then suspects are taken one at a time."""
    path = tmp_path / "queue.db"
    queue = SqliteQueue(path, death_pause_s=0.0)
    queue.put([(f"event-{number}", b"poison" if number == 4 else b"good") for number in range(10)])
    handled = [_consume(path, 0.0) for _ in range(TRIES_MOST)]
    assert [status for status, _ in handled] == [-signal.SIGKILL] * TRIES_MOST
    (poison,) = queue.take(50, 30.0)
    assert (poison.body, poison.tries) == (b"poison", TRIES_MOST + 1)
    queue.park(poison.seq, "it kills")
    assert _consume(path, 0.0)[0] == 0
    assert queue.counts()[:3] == (0, 0, 1)
    queue.put([("fresh-1", b"good"), ("fresh-2", b"good")])
    assert [one.tries for one in queue.take(50, 30.0)] == [1, 1]
    queue.close()


def test_queue_when_a_message_killed_its_taker_alone_then_it_waits_and_the_others_go_on(tmp_path: Path) -> None:
    """The tries of a suspect are spread over time: a burst of kills that it is not to blame for does not use them up."""
    path = tmp_path / "queue.db"
    queue = SqliteQueue(path)
    queue.put([(f"event-{number}", b"poison" if number == 0 else b"good") for number in range(5)])
    assert _consume(path, 60.0) == (-signal.SIGKILL, [])
    assert _consume(path, 60.0) == (-signal.SIGKILL, [])
    assert _consume(path, 60.0) == (0, [2, 2, 2, 2])
    waiting, leased, parked, _ = queue.counts()
    assert (waiting, leased, parked) == (1, 0, 0)
    queue.close()
