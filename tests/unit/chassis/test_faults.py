"""Switches: who they are for, that nothing is on where none lie, and that an adapter stays what it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from filemill.chassis import faults
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.storage.store import Compresses, put, read_all


@pytest.fixture
def switches(tmp_path: Path) -> Iterator[Path]:
    """A file of switches that counts in this process."""
    path = tmp_path / "run" / "faults.json"
    faults.write(path, {})
    faults.take_switches(path)
    faults.name_process("upload")
    yield path
    faults.take_switches(None)
    faults.name_process("")


def throw(path: Path, **on: list[str]) -> None:
    """Throw switches, as seen by a process that looks anew."""
    faults.write(path, {name.replace("_", "-"): only for name, only in on.items()})
    faults.take_switches(path)


async def test_fault_when_no_switches_lie_anywhere_then_none_can_be_on(tmp_path: Path) -> None:
    """A file alone means nothing: only who was told of it looks."""
    faults.write(tmp_path / "run" / "faults.json", {"store-down": []})
    assert not faults.possible()
    assert not faults.is_on("store-down")
    assert faults.on_at("upload") == []
    store = build_store(ServiceSettings(data_dir=tmp_path))
    assert "open" not in vars(store)  # the class's own method, and nothing ahead
    await store.close()


def test_fault_when_for_some_processes_then_is_on_there_and_in_their_workers(switches: Path) -> None:
    """A service's name means its worker, too; a fault of workers is none of a service."""
    throw(switches, slow_store=["ai"], worker_slow=[])
    expected = {"ai": (True, False), "ai-worker": (True, True), "upload": (False, False)}
    for process, on in expected.items():
        faults.name_process(process)
        assert (faults.is_on("slow-store"), faults.is_on("worker-slow")) == on, process
    assert [fault.name for fault in faults.on_at("ai")] == ["slow-store", "worker-slow"]
    assert faults.on_at("upload") == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"store-down": true}', b'{"flood": []}', b"\xff"])
def test_fault_when_the_file_is_no_file_of_switches_then_everything_is_off(switches: Path, content: bytes) -> None:
    """Nobody shall suffer for what somebody's editor wrote."""
    switches.write_bytes(content)
    faults.take_switches(switches)
    assert not faults.is_on("store-down")


async def test_store_when_its_fault_is_on_then_fails_as_a_store_does_and_keeps_its_capabilities(
    switches: Path, tmp_path: Path
) -> None:
    """Away, full, and well again, on one object."""
    store = build_store(ServiceSettings(data_dir=tmp_path / "data"))
    assert isinstance(store, Resumes)
    assert isinstance(store, Compresses)
    key = new_key()
    await put(store, key, b"kept")
    throw(switches, store_down=[])
    with pytest.raises(Unavailable, match="store-down"):
        await store.open(key)
    with pytest.raises(Unavailable):
        await store.check()
    throw(switches, disk_full=[])
    with pytest.raises(StorageFull, match="disk-full"):
        await put(store, new_key(), b"more")
    assert await read_all(store, key, 100) == b"kept"
    throw(switches)
    await put(store, new_key(), b"more")
    await store.close()
