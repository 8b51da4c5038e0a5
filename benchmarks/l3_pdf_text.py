"""L3: the text of PDF pages, with the place of each line and chunks, against pypdf's plain text, in one run.

Prints one JSON line per figure. Both sides read the same documents in this process; what is compared is processor time. L3 is
the PDFs of the corpus that both finish; L3-book one generated book in one font with nothing but lines, the easiest document for
a reader in Python. Recall is the share of the words written into the book that come out, each counted as often as it is there.
Ours does more: places, chunks, the JSON file.
"""

import io
import json
import logging
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anchor_environment
import corpus

ROUNDS = 5
REAL_ROUNDS = 3
PAGES = 40
LINES, WORDS_A_LINE = 45, 11
GOAL_RATIO, GOAL_RECALL = 8.0, 0.985


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    content, written = make_document()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.pdf"
        path.write_bytes(content)
        ours, our_words = _measure(lambda: _with_steps(path, Path(folder)))
        anchor, anchor_words = _measure(lambda: _with_pypdf(path))
        real = _real(Path(folder))
    recall, anchor_recall = (round(_recall(written, words), 4) for words in (our_words, anchor_words))
    return [
        real,
        _speed_row("L3-book", "PDF text of a generated book", ours, anchor),
        {
            "id": "L3-recall",
            "work": "words of a PDF found",
            "anchor_is": "pypdf",
            "goal": f">= {GOAL_RECALL}",
            "met": recall >= GOAL_RECALL,
            "ours": recall,
            "anchor": anchor_recall,
            "ratio": round(recall / anchor_recall, 3),
            "unit": "share",
        },
    ]


def _speed_row(number: str, work: str, ours: float, anchor: float) -> dict[str, Any]:
    return {
        "id": number,
        "work": work,
        "anchor_is": "pypdf, text alone",
        "goal": f"ratio >= {GOAL_RATIO:g}",
        "met": ours / anchor >= GOAL_RATIO,
        "ours": ours,
        "anchor": anchor,
        "ratio": round(ours / anchor, 2),
        "unit": "pages/cpu-s",
    }


def _real(folder: Path) -> dict[str, Any]:
    """The PDFs of the corpus: pages of all that both finish, by the processor time of all."""
    logging.disable(logging.CRITICAL)  # pypdf tells a lot about test files
    files = pages = 0
    ours_s = anchor_s = 0.0
    for sample in corpus.samples(corpus.PDFS):
        try:
            one_s, _ = _cpu_s(lambda path=sample.path: _with_steps(path, folder), REAL_ROUNDS)  # type: ignore[misc]
            other_s, _ = _cpu_s(lambda path=sample.path: _with_pypdf(path), REAL_ROUNDS)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001  pypdf raises anything on broken files, ours StepError
            print(f"left out: {sample.name}: {type(error).__name__}", file=sys.stderr)
            continue
        files, pages = files + 1, pages + _page_count(sample.path)
        ours_s, anchor_s = ours_s + one_s, anchor_s + other_s
    logging.disable(logging.NOTSET)
    if not files:
        return anchor_environment.missing_row(
            "L3", "PDF text of real files", "their corpus", f"ratio >= {GOAL_RATIO:g}", "pages/cpu-s"
        )
    work = f"PDF text with places and chunks, {files} real files"
    return _speed_row("L3", work, round(pages / ours_s, 1), round(pages / anchor_s, 1))


def _page_count(path: Path) -> int:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def make_document() -> tuple[bytes, Counter[str]]:
    """Return a book of pages of plain lines, and how often each word is in it."""
    from reportlab.pdfgen import canvas  # type: ignore[import-untyped]

    noise = random.Random(3)
    vocabulary = ["".join(noise.choices("abcdefghijklmnopqrstuvwxyzéüß", k=noise.randint(2, 11))) for _ in range(4000)]
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer)
    written: Counter[str] = Counter()
    for _ in range(PAGES):
        document.setFont("Helvetica", 9)
        for line in range(LINES):
            words = noise.choices(vocabulary, k=WORDS_A_LINE)
            written.update(words)
            document.drawString(50, 790 - line * 16, " ".join(words))
        document.showPage()
    document.save()
    return buffer.getvalue(), written


def _with_steps(path: Path, folder: Path) -> str:
    from filemill.processing.steps import pdf, text_blob
    from filemill.processing.steps.context import StepContext

    context = StepContext(path, folder, "book.pdf", "", "application/pdf", wanted_renditions=())
    pdf.run(context)
    text_blob.write(context.pages, context.markdown, folder, by=pdf.NAME)
    return "\n".join(page.text for page in context.pages)


def _with_pypdf(path: Path) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def _measure(read: Callable[[], str]) -> tuple[float, str]:
    took_s, text = _cpu_s(read, ROUNDS)
    return round(PAGES / took_s, 1), text


def _cpu_s(read: Callable[[], str], rounds: int) -> tuple[float, str]:
    text = read()  # imports and tables are loaded once, by both
    times = []
    for _ in range(rounds):
        started = time.process_time()
        read()
        times.append(time.process_time() - started)
    return statistics.median(times), text


def _recall(written: Counter[str], text: str) -> float:
    return (written & Counter(text.split())).total() / written.total()


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
