"""Which files a command line means."""

import os
from pathlib import Path

import pytest

from filemill.cli.api import CallFailed
from filemill.cli.choose import Chosen, files_below


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """a/one, a/b/two, a/.git/config, a/.env, a/loop -> a, a/link -> outside."""
    for name in ("a/one", "a/b/two", "a/.git/config", "a/.env", "outside"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "a/loop").symlink_to(tmp_path / "a")
    (tmp_path / "a/link").symlink_to(tmp_path / "outside")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _places(found: list[Chosen]) -> list[str | None]:
    return [one.place for one in found]


@pytest.mark.usefixtures("tree")
def test_folder_when_named_then_its_name_stays_in_the_paths() -> None:
    """Two folders sent together do not mix; `.` has no name."""
    assert _places(files_below([Path("a")])) == ["a/one", "a/b/two"]
    assert _places(files_below([Path("a/b")])) == ["b/two"]
    assert _places(files_below([Path()])) == ["outside", "a/one", "a/b/two"]


@pytest.mark.usefixtures("tree")
def test_folder_when_hidden_is_asked_for_then_they_come_too() -> None:
    """Never through a link."""
    assert set(_places(files_below([Path("a")], hidden=True))) == {"a/one", "a/b/two", "a/.env", "a/.git/config"}


@pytest.mark.usefixtures("tree")
def test_file_when_named_itself_then_it_is_taken_as_it_is() -> None:
    """Hidden, or a link: whoever names it wants it. Named twice, it is sent once."""
    found = files_below([Path("a/.env"), Path("a/link"), Path("a/one"), Path("a")])
    assert [(str(one.path), one.place) for one in found] == [
        ("a/.env", None), ("a/link", None), ("a/one", None), ("a/b/two", "a/b/two"),
    ]  # fmt: skip


def test_path_when_it_is_not_there_then_it_is_named(tree: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(CallFailed, match="there is no file nowhere"):
        files_below([tree / "a", Path("nowhere")])
    (tree / "empty").mkdir()
    with pytest.raises(CallFailed, match="no files"):
        files_below([tree / "empty"])


def test_folder_when_it_cannot_be_read_then_the_others_still_go(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as a file that failed."""
    scandir = os.scandir

    def shut(path: str) -> object:
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", shut)
    found = files_below([tree / "a"])
    assert [(one.path.name, one.trouble) for one in found] == [
        ("one", None), ("b", "cannot read the folder: Permission denied"),
    ]  # fmt: skip
