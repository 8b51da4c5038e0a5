"""The samples are what their README says, and the script makes them again."""

import subprocess
import sys
import wave
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[3]
TEST_DATA = ROOT / "test_data"
NAMES = {
    "README.md", "facture-fr.txt", "invoice.pdf", "letter.docx", "mail.eml", "notes.txt", "qr.png", "receipt.txt",
    "review_negative.txt", "review_positive.txt", "sales.csv", "sample.jpg", "tone.wav",
}  # fmt: skip
MOST_BYTES = 400_000


def test_samples_when_listed_then_they_are_complete_and_small() -> None:
    """Every file is there, described in the README, and all together stay small."""
    files = {path.name: path for path in TEST_DATA.iterdir()}
    assert set(files) == NAMES
    assert sum(path.stat().st_size for path in files.values()) < MOST_BYTES
    described = files["README.md"].read_text(encoding="utf-8")
    assert all(f"`{name}`" in described for name in NAMES - {"README.md"})


def test_samples_when_made_twice_then_the_bytes_are_the_same(tmp_path: Path) -> None:
    """The script repeats itself exactly, and makes the texts that are committed."""
    script = [sys.executable, str(ROOT / "scripts" / "make_test_data.py")]
    for name in ("first", "second"):
        subprocess.run([*script, str(tmp_path / name)], check=True, capture_output=True)
    for path in sorted((tmp_path / "first").iterdir()):
        made = path.read_bytes()
        assert (tmp_path / "second" / path.name).read_bytes() == made
        if path.suffix in {".txt", ".csv", ".eml", ".wav"}:  # pictures and PDF may differ between library versions
            assert (TEST_DATA / path.name).read_bytes() == made


def test_photo_when_opened_then_its_exif_is_as_written() -> None:
    """Size, camera, date and orientation can be relied on by other tests."""
    with Image.open(TEST_DATA / "sample.jpg") as photo:
        exif = photo.getexif()
        assert photo.size == (1200, 800)
        assert (exif[0x010F], exif[0x0110], exif[0x0112]) == ("Lumenfeld", "Lumenfeld L2", 1)
        assert exif.get_ifd(0x8769)[0x9003] == "2025:06:14 19:42:10"
        assert exif.get_ifd(0x8825)[1] == "N"


def test_tone_when_opened_then_it_is_one_second_of_mono() -> None:
    """The sound has the length and rate the README names."""
    with wave.open(str(TEST_DATA / "tone.wav")) as tone:
        assert (tone.getnchannels(), tone.getframerate(), tone.getnframes()) == (1, 16_000, 16_000)
