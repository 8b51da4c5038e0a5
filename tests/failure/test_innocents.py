"""A message that kills its consumer takes no other message with it."""

import subprocess
import sys
from pathlib import Path

from filemill.chassis.messaging.consumer import TRIES_MOST
from filemill.chassis.messaging.sqlite_queue import SqliteQueue

_TAKE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from filemill.chassis.messaging.sqlite_queue import SqliteQueue
SqliteQueue(Path(sys.argv[1])).take(50, 30.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_queue_when_its_taker_keeps_dying_then_only_one_message_is_blamed(tmp_path: Path) -> None:
    """The first death is everybody's, since nobody knows whose fault it was; then suspects are taken one at a time."""
    path = tmp_path / "queue.db"
    queue = SqliteQueue(path)
    queue.put([(f"event-{number}", b"{}") for number in range(10)])
    for _ in range(TRIES_MOST):
        subprocess.run([sys.executable, "-c", _TAKE_AND_DIE, str(path)], check=False, timeout=30)
    (poison,) = queue.take(50, 30.0)
    assert poison.tries == TRIES_MOST + 1
    queue.park(poison.seq, "it kills")
    for _ in range(9):
        (innocent,) = queue.take(50, 30.0)
        assert innocent.tries == 2
        queue.ack([innocent.seq])
    queue.put([("fresh-1", b"{}"), ("fresh-2", b"{}")])
    assert [one.tries for one in queue.take(50, 30.0)] == [1, 1]
    queue.close()
