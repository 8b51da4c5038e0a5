"""File names of strangers: readable, harmless, never a path."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.upload.errors import NameTooLong
from filemill.upload.names import NAME_MOST_BYTES, UNNAMED, clean_name


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("  report.pdf  ", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("a/b\\c/d.txt", "d.txt"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("tab\there.txt", "tabhere.txt"),
        ("\x1b[31mred.txt", "[31mred.txt"),
        ("c1\x85\x9bcontrol.txt", "c1control.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("isolate\u2066\u2069.txt", "isolate.txt"),
        ("arabic\u061cmark.txt", "arabicmark.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("line\u2028separator\u2029.txt", "lineseparator.txt"),
        ("cafe\u0301.txt", "café.txt"),
        ("日本語.txt", "日本語.txt"),
        ("emoji 🎉.png", "emoji 🎉.png"),
        (".gitignore", ".gitignore"),
        ("with \"quotes\" and ; %.txt", "with \"quotes\" and ; %.txt"),
    ],
)  # fmt: skip
def test_clean_name_when_it_is_any_name_then_the_last_part_stays_readable(raw: str, clean: str) -> None:
    """What cannot be seen or would lead elsewhere goes; the rest is the user's own."""
    assert clean_name(raw) == clean


@pytest.mark.parametrize("raw", [None, "", ".", "..", "...", " ", "/", "a/", "\\", "../", "\x00", "\u202e", " . "])
def test_clean_name_when_nothing_is_left_then_it_is_unnamed(raw: str | None) -> None:
    """A file always has a name to show."""
    assert clean_name(raw) == UNNAMED


def test_clean_name_when_it_is_just_short_enough_then_it_stays_and_one_byte_more_is_refused() -> None:
    """The limit is in bytes, as file systems count."""
    assert clean_name("a" * NAME_MOST_BYTES) == "a" * NAME_MOST_BYTES
    assert len(clean_name("é" * 127).encode()) == 254
    for too_long in ("a" * (NAME_MOST_BYTES + 1), "é" * 128, "日" * 86):
        with pytest.raises(NameTooLong, match="255 bytes"):
            clean_name(too_long)


def test_clean_name_when_only_the_folders_are_long_then_it_is_taken() -> None:
    """A browser that sends a whole path is not refused for it."""
    assert clean_name("folder/" * 100 + "x.txt") == "x.txt"


@given(st.text(max_size=120))
def test_clean_name_when_it_is_any_text_then_the_result_is_safe_and_stable(raw: str) -> None:
    """No path, no control character, not longer than a file system takes; cleaning twice changes nothing."""
    try:
        name = clean_name(raw)
    except NameTooLong:
        return
    assert name
    assert "/" not in name
    assert "\\" not in name
    assert name not in (".", "..")
    assert len(name.encode("utf-8")) <= NAME_MOST_BYTES
    assert not any(unicodedata.category(char) == "Cc" for char in name)
    assert clean_name(name) == name
