"""One durable queue in one SQLite file: put, take with a lease, ack, retry, park. Plain and blocking.

A take is one UPDATE … RETURNING, so two takers never get the same message. A lease ends by time, or at once when its
holder was a process of this machine that is gone. A message that was tried before is taken alone: if it is the one that
kills its taker, no other is blamed with it. Used by `sqlite_transport` only, from its threads, under a lock each.
"""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filemill.chassis import process_identity
from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import broken, crash_point
from filemill.chassis.database.wal import use_wal
from filemill.chassis.durable_folder import make_durable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    lease_until REAL NOT NULL DEFAULT 0,
    parked_at REAL,
    reason TEXT
);
CREATE INDEX IF NOT EXISTS message_ready ON message (due_at, seq) WHERE parked_at IS NULL;
"""
_TRIED = """
SELECT tries > 0 FROM message WHERE parked_at IS NULL AND due_at <= :now AND lease_until < :now
ORDER BY due_at, seq LIMIT 1
"""
_TAKE = """
UPDATE message SET holder = :me, lease_until = :until, tries = tries + 1 WHERE seq IN (
    SELECT seq FROM message WHERE parked_at IS NULL AND due_at <= :now AND lease_until < :now AND (tries > 0) = :tried
    ORDER BY due_at, seq LIMIT :most
) RETURNING seq, body, tries
"""
# Who was alone in the hands of the dead waits, longer each time: its tries are spread over time, and the others go first.
_FREE = """
UPDATE message SET lease_until = 0, due_at = CASE WHEN tries < 2 THEN due_at ELSE
    :now + min(:longest, :pause * (1 << tries)) * (0.5 + abs(random() % 1000) / 2000.0) END
WHERE holder = :holder AND lease_until >= :now
"""
DEATH_PAUSE_S = 1.0
DEATH_PAUSE_LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A leased message."""

    seq: int
    body: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A message set aside."""

    event_id: str
    body: bytes
    tries: int
    reason: str
    parked_at: float


class SqliteQueue:
    """A queue file. Several processes may open it."""

    def __init__(self, path: Path, *, death_pause_s: float = DEATH_PAUSE_S) -> None:
        make_durable(path.parent)
        self._lock = threading.Lock()
        self._death_pause_s = death_pause_s
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        use_wal(self._db)
        self._db.execute(f"PRAGMA synchronous = {'OFF' if broken('fsync') else 'FULL'}")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute("PRAGMA wal_autocheckpoint = 4000")
        self._db.executescript(_SCHEMA)

    def put(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Add (event id, body) pairs; one that still waits under the same id is left as it is."""
        due_at = unix_s()
        rows = [(event_id, body, due_at) for event_id, body in messages]
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR IGNORE INTO message (event_id, body, due_at) VALUES (?, ?, ?)", rows)
            crash_point("queue.put.in-tx")
        crash_point("queue.put.committed")

    def take(self, most: int, lease_s: float) -> list[Taken]:
        """Lease up to `most` due messages to this process, oldest first; one that was tried before comes alone."""
        now = unix_s()
        with self._lock:
            # A look first: an idle consumer must not take the write lock twice a second.
            sql = "SELECT holder, lease_until FROM message WHERE parked_at IS NULL AND due_at <= ? ORDER BY due_at, seq"
            first = self._db.execute(sql + " LIMIT 1", (now,)).fetchone()
            if first is None:
                return []
            if first[1] >= now:
                self._free_the_dead(now)
            values = {"me": process_identity.me(), "now": now, "until": now + lease_s}
            next_one = self._db.execute(_TRIED, values).fetchone()
            if next_one is None:
                return []
            values |= {"tried": next_one[0], "most": 1 if next_one[0] else most}
            rows = self._db.execute(_TAKE, values).fetchall()
        return [Taken(*row) for row in sorted(rows)]

    def _free_the_dead(self, now: float) -> None:
        holders = self._db.execute("SELECT DISTINCT holder FROM message WHERE lease_until >= ?", (now,)).fetchall()
        for (holder,) in holders:
            if process_identity.is_dead(holder):
                pauses = {"pause": self._death_pause_s, "longest": DEATH_PAUSE_LONGEST_S}
                self._db.execute(_FREE, {"holder": holder, "now": now, **pauses})

    def ack(self, seqs: Sequence[int]) -> None:
        """Delete messages this process holds."""
        me = process_identity.me()
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM message WHERE seq = ? AND holder = ?", [(seq, me) for seq in seqs])
            crash_point("queue.ack.in-tx")

    def give_back(self, seq: int, delay_s: float, reason: str, *, counts: bool) -> None:
        """End the lease; the message is due again after `delay_s`."""
        sql = (
            "UPDATE message SET holder = NULL, lease_until = 0, due_at = ?, reason = ?, tries = tries - ?"
            " WHERE seq = ? AND holder = ?"
        )
        with self._lock:
            self._db.execute(sql, (unix_s() + delay_s, reason, 0 if counts else 1, seq, process_identity.me()))

    def park(self, seq: int, reason: str) -> None:
        """Set a held message aside."""
        sql = (
            "UPDATE message SET parked_at = ?, reason = ?, holder = NULL, lease_until = 0 WHERE seq = ? AND holder = ?"
        )
        with self._lock:
            self._db.execute(sql, (unix_s(), reason, seq, process_identity.me()))

    def parked(self, most: int) -> list[Parked]:
        """What is set aside, newest first."""
        sql = (
            "SELECT event_id, body, tries, reason, parked_at FROM message"
            " WHERE parked_at IS NOT NULL ORDER BY parked_at DESC LIMIT ?"
        )
        with self._lock:
            return [Parked(*row) for row in self._db.execute(sql, (most,))]

    def release(self, event_id: str) -> bool:
        """Put a parked message back with fresh tries."""
        sql = "UPDATE message SET parked_at = NULL, tries = 0, due_at = ? WHERE event_id = ? AND parked_at IS NOT NULL"
        with self._lock:
            return self._db.execute(sql, (unix_s(), event_id)).rowcount == 1

    def peek(self, after: int, most: int) -> list[tuple[int, bytes]]:
        """(seq, body) of whatever is here above `after`, in order."""
        sql = "SELECT seq, body FROM message WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._lock:
            return self._db.execute(sql, (after, most)).fetchall()

    def counts(self) -> tuple[int, int, int, float]:
        """(waiting, leased, parked, age of the oldest waiting message in seconds)."""
        now = unix_s()
        sql = (
            "SELECT coalesce(sum(parked_at IS NULL AND lease_until < :now), 0),"
            " coalesce(sum(parked_at IS NULL AND lease_until >= :now), 0),"
            " coalesce(sum(parked_at IS NOT NULL), 0),"
            " min(CASE WHEN parked_at IS NULL THEN due_at END) FROM message"
        )
        with self._lock:
            waiting, leased, parked, oldest = self._db.execute(sql, {"now": now}).fetchone()
        return waiting, leased, parked, max(0.0, now - oldest) if oldest else 0.0

    def close(self) -> None:
        """Give this process's leases back without counting them as tries, and close the file."""
        with self._lock:
            sql = "UPDATE message SET holder = NULL, lease_until = 0, tries = tries - 1 WHERE holder = ? AND lease_until > 0"
            self._db.execute(sql, (process_identity.me(),))
            self._db.close()
