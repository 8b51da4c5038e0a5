"""Make the files in `test_data/`: small, invented, and the same bytes on every run with the same libraries.

Run from anywhere: `python scripts/make_test_data.py [FOLDER]`. Not for benchmarks (see `benchmarks/`), nor for hostile
files. On failure it stops with the error; what was written before stays.
"""

import math
import struct
import sys
import wave
from pathlib import Path

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from sample_files.invoice import write_invoice
from sample_files.letter import write_letter
from sample_files.photo import write_photo
from sample_files.texts import write_texts

QR_TEXT = "https://filemill.example/t/7QK4-0417"
TONE_HZ, TONE_SECONDS, SAMPLE_RATE_HZ = 440.0, 1.0, 16_000


def main() -> None:
    """Write every sample into `test_data/` beside this script's folder, or into the folder named as argument."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "test_data"
    folder.mkdir(parents=True, exist_ok=True)
    write_photo(folder / "sample.jpg")
    write_invoice(folder / "invoice.pdf")
    write_letter(folder / "letter.docx")
    write_texts(folder)
    write_qr(folder / "qr.png")
    write_tone(folder / "tone.wav")
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>8} bytes  {path.name}")


def write_qr(path: Path) -> None:
    """Write one QR code (level M, 8 px a module, quiet zone of 4) as a black and white PNG."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=8, border=4)
    code.add_data(QR_TEXT)
    code.make_image().save(str(path))


def write_tone(path: Path) -> None:
    """Write one second of A4 (440 Hz), mono, 16 bit, faded at both ends so that it does not click."""
    total = int(SAMPLE_RATE_HZ * TONE_SECONDS)
    samples = []
    for index in range(total):
        fade = min(1.0, index / 800, (total - 1 - index) / 800)
        samples.append(int(12_000 * fade * math.sin(2 * math.pi * TONE_HZ * index / SAMPLE_RATE_HZ)))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.writeframes(struct.pack(f"<{total}h", *samples))


if __name__ == "__main__":
    main()
