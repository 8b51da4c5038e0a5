"""What is remembered of unfinished uploads: for the right file only, for its user only, and not for ever."""

import os
from pathlib import Path

import pytest

from filemill.client import memory as memory_module
from filemill.client.memory import UploadMemory


def test_entry_when_anything_about_the_file_differs_then_it_is_another(tmp_path: Path) -> None:
    """Server, path, size, time and fields: a changed file is never continued with old bytes before it."""
    memory, path = UploadMemory(tmp_path / "s"), tmp_path / "a"
    path.write_bytes(b"one")
    entries = {
        memory.entry("http://a", path, {}),
        memory.entry("http://b", path, {}),
        memory.entry("http://a", path, {"t": "x"}),
    }
    os.utime(path, ns=(1, 1))
    entries.add(memory.entry("http://a", path, {}))
    path.write_bytes(b"other")
    os.utime(path, ns=(1, 1))
    entries.add(memory.entry("http://a", path, {}))
    assert len(entries) == 5
    assert memory.entry("http://a", path, {}) in entries


def test_note_when_written_then_only_its_user_can_read_it(tmp_path: Path) -> None:
    """0600 in a folder of 0700."""
    memory = UploadMemory(tmp_path / "state" / "uploads")
    memory.note("e", "id-1")
    assert memory.find("e") == "id-1"
    assert (memory.folder / "e").stat().st_mode & 0o777 == 0o600
    assert memory.folder.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in memory.folder.iterdir()] == ["e"]


@pytest.mark.parametrize("text", ["", "a/b", "x" * 65, "a\nb", "ä"])
def test_find_when_the_file_was_tampered_with_then_nothing_is_found(tmp_path: Path, text: str) -> None:
    """What is read becomes part of an address."""
    (tmp_path / "e").write_text(text)
    assert UploadMemory(tmp_path).find("e") is None


def test_note_when_the_folder_cannot_be_written_then_nothing_happens(tmp_path: Path) -> None:
    """Remembering is an offer."""
    (tmp_path / "file").write_text("")
    memory = UploadMemory(tmp_path / "file" / "folder")
    memory.note("e", "id")
    memory.forget("e")
    assert memory.find("e") is None


def test_note_when_there_are_too_many_then_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads that nobody came back to do not pile up."""
    monkeypatch.setattr(memory_module, "ENTRIES_MOST", 5)
    monkeypatch.setattr(memory_module, "LOOK_EVERY", 2)
    memory = UploadMemory(tmp_path)
    for at in range(21):
        memory.note(f"e{at:02d}", "id")
        os.utime(tmp_path / f"e{at:02d}", (at, at))
    assert len(list(tmp_path.iterdir())) <= 6
    assert memory.find("e20") == "id"


def test_done_when_the_run_keeps_what_is_done_then_until_it_is_cleared(tmp_path: Path) -> None:
    """A run of many files that failed can be repeated without sending twice."""
    for keep in (False, True):
        memory = UploadMemory(tmp_path, keep)
        memory.note("e", "id")
        memory.done("e")
        assert (memory.find("e") == "id") is keep
    memory.clear_done()
    assert memory.find("e") is None


def test_user_folder_when_the_variable_is_set_then_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the XDG specification says: a relative path is ignored."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert UploadMemory.of_user().folder == tmp_path / "filemill" / "uploads"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert UploadMemory.of_user().folder == Path("/home/somebody/.local/state/filemill/uploads")
