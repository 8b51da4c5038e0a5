"""The low-disk floor: uploads are refused while the databases can still write, so that deleting and purging go on working.

Looks at the volumes that an upload fills: that of the data folder (databases, queues) and that of the store or spool, where it
is a folder. Nothing is reserved: several large bodies may pass together at first, and are stopped on their way at the floor.
"""

import os
import time
from pathlib import Path

from filemill.chassis.errors import StorageFull
from filemill.chassis.storage.store import BlobStore, InFolder

FLOOR_MOST_BYTES = 512 * 1024 * 1024
FLOOR_SHARE = 0.02
"""The floor unless it is set: the smaller of the two, so that a small volume can be used as well."""
LOOK_EVERY_S = 1.0
RETRY_AFTER_S = 30


class Volume:
    """The file system below one folder, looked at once a second at most."""

    def __init__(self, folder: Path, floor_bytes: int | None = None) -> None:
        self._folder = folder
        self._asked_floor = floor_bytes
        self._looked_at_s = float("-inf")
        self._free_bytes = 0
        self._floor_bytes = 0

    @property
    def floor_bytes(self) -> int:
        """What is to stay free."""
        self.spare_bytes()
        return self._floor_bytes

    def spare_bytes(self) -> int:
        """How much may still be written before the floor; negative below it."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= LOOK_EVERY_S:
            self._free_bytes, total = _free_and_total(self._folder)
            asked = self._asked_floor
            self._floor_bytes = min(FLOOR_MOST_BYTES, int(total * FLOOR_SHARE)) if asked is None else asked
            self._looked_at_s = now_s
        return self._free_bytes - self._floor_bytes

    def check(self, coming_bytes: int = 0) -> None:
        """Raise `StorageFull` if so many bytes would go below the floor."""
        if self.spare_bytes() < coming_bytes:
            raise StorageFull(
                f"{self._floor_bytes} bytes of the disk are kept free (FILEMILL_MIN_FREE_DISK_BYTES).",
                retry_after_s=RETRY_AFTER_S,
            )


class Room:
    """The volumes that every upload needs."""

    def __init__(self, data_dir: Path, store: BlobStore, floor_bytes: int | None) -> None:
        self._data = Volume(data_dir, floor_bytes)
        self._bodies = Volume(store.root, floor_bytes) if isinstance(store, InFolder) else None

    @property
    def floor_bytes(self) -> int:
        """What stays free on the volume of the data folder."""
        return self._data.floor_bytes

    def check(self, coming_bytes: int = 0) -> None:
        """Raise `StorageFull` if the next bytes, or so many of them, would go below the floor. Good for any thread."""
        self._data.check()
        if self._bodies is not None:
            self._bodies.check(coming_bytes)

    async def health(self) -> str:
        """In words. Raises `StorageFull` below the floor."""
        self.check()
        return f"uploads are refused below {self.floor_bytes} free bytes"


def _free_and_total(folder: Path) -> tuple[int, int]:
    """Bytes of the file system of a folder, or of where it will be made: free for us, and all."""
    while True:
        try:
            found = os.statvfs(folder)
        except FileNotFoundError:
            if folder == folder.parent:
                raise
            folder = folder.parent
        else:
            return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
