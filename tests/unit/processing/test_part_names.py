"""What parts are called: names that upload takes, whatever an archive says; never a path."""

import pytest

from filemill.processing.part_names import NAME_MOST_BYTES, display_name, display_path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.txt", "a.txt"),
        ("folder/b.txt", "b.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\c.txt", "c.txt"),
        ("..", "unnamed"),
        ("x/ /", "unnamed"),
        ("", "unnamed"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\x00b\n.txt", "ab.txt"),
        ("1/Übersicht.pdf", "Übersicht.pdf"),
    ],
)
def test_display_name_when_the_path_is_odd_then_one_readable_name(path: str, name: str) -> None:
    """The last piece, without what cannot be seen."""
    assert display_name(path) == name


@pytest.mark.parametrize("path", ["ä" * 400 + ".pdf", "x" * 300, "." * 200 + "y" * 300, "n." + "s" * 300])
def test_display_name_when_it_is_long_then_it_is_cut_to_what_upload_takes(path: str) -> None:
    """By bytes, and with its suffix if that is one."""
    name = display_name(path)
    assert 200 < len(name.encode()) <= NAME_MOST_BYTES
    assert name.endswith(".pdf") == path.endswith(".pdf")


def test_display_path_when_long_then_it_is_cut() -> None:
    """For display."""
    assert display_path("../" + "d/" * 400) == ("../" + "d/" * 400)[:500]
