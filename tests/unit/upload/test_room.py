"""The low-disk floor: what counts as room, and how often one looks."""

from pathlib import Path

import pytest

from filemill.chassis.errors import StorageFull
from filemill.chassis.storage.build import build_folder
from filemill.upload import room as room_module
from filemill.upload.room import FLOOR_MOST_BYTES, Room, Volume

GIB = 1024**3


class Disk:
    """Answers for every file system."""

    def __init__(self, free: int, total: int) -> None:
        self.free, self.total, self.looks = free, total, 0

    def __call__(self, _folder: Path) -> tuple[int, int]:
        self.looks += 1
        return self.free, self.total


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(10 * GIB, 100 * GIB)
    monkeypatch.setattr(room_module, "_free_and_total", made)
    return made


@pytest.mark.parametrize(("total", "floor"), [(100 * GIB, FLOOR_MOST_BYTES), (10 * GIB, int(10 * GIB * 0.02))])
def test_floor_when_it_is_not_set_then_is_the_smaller_of_two(disk: Disk, total: int, floor: int) -> None:
    """A small volume is not all floor."""
    disk.total = total
    assert Volume(Path("/x")).floor_bytes == floor


def test_check_when_what_comes_would_go_below_the_floor_then_storage_full_with_a_time(disk: Disk) -> None:
    """To the byte; zero is a floor, too."""
    volume = Volume(Path("/x"), 4 * GIB)
    volume.check(6 * GIB)
    with pytest.raises(StorageFull, match="FILEMILL_MIN_FREE_DISK_BYTES") as refused:
        volume.check(6 * GIB + 1)
    assert refused.value.retry_after_s
    with pytest.raises(StorageFull):
        Volume(Path("/x"), 0).check(10 * GIB + 1)


def test_check_when_asked_often_then_looks_once_a_second(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check for each block costs no system call."""
    volume = Volume(Path("/x"), 4 * GIB)
    for _ in range(1000):
        volume.check()
    assert disk.looks == 1
    disk.free = 0
    monkeypatch.setattr(room_module, "LOOK_EVERY_S", 0.0)
    with pytest.raises(StorageFull):
        volume.check()


async def test_room_when_the_store_is_a_folder_then_its_volume_counts_for_the_bytes(tmp_path: Path, disk: Disk) -> None:
    """A remote store's bytes do not fill the disk of the databases."""
    room = Room(tmp_path, build_folder(tmp_path / "store", "STORAGE_URL"), 4 * GIB)
    with pytest.raises(StorageFull):
        room.check(7 * GIB)
    elsewhere = Room(tmp_path, object(), 4 * GIB)  # type: ignore[arg-type]
    elsewhere.check(7 * GIB)


def test_free_and_total_when_the_folder_is_not_made_yet_then_asks_its_parent(tmp_path: Path) -> None:
    """The data folder may come with the first write."""
    _, total = room_module._free_and_total(tmp_path / "a" / "b")
    assert total == room_module._free_and_total(tmp_path)[1]
