"""What only the embedded queue promises: one file that several processes open."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filemill.chassis.messaging.sqlite_queue import SqliteQueue


def test_open_when_many_come_to_a_new_file_at_once_then_nobody_is_turned_away(tmp_path: Path) -> None:
    """Services that start together find no file yet; each of them has its queue, and it is the same."""
    with ThreadPoolExecutor(6) as threads:
        for number in range(20):
            queues = list(threads.map(SqliteQueue, [tmp_path / f"{number}.db"] * 6))
            queues[0].put([("one", b"body")])
            assert [taken.body for taken in queues[-1].take(1, 30)] == [b"body"]
            for opened in queues:
                opened.close()
