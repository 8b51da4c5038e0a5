"""Write-ahead logging, switched on by whichever process comes first to a new file."""

import sqlite3
import time

PATIENCE_S = 30.0
PAUSE_S = 0.005


def use_wal(connection: sqlite3.Connection) -> None:
    """Turn the file to WAL, or find it so. Raises `sqlite3.OperationalError` if others hold it for `PATIENCE_S`.

    When several open a new file at once, SQLite tells all but one of them at once that it is locked: the change of the mode
    does not wait for `busy_timeout` as a statement does, so the waiting is here.
    """
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(PAUSE_S)
