"""L3: the text of PDF pages, with the place of each line and chunks, against pypdf's plain text, in one run.

Prints one JSON line per figure. Both sides read the same generated document in this process; what is compared is
processor time. Recall is the share of the words written into the document that come out, each counted as often as it
is there. Ours does more: places, chunks, the JSON file.
"""

import io
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 5
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
    recall, anchor_recall = (round(_recall(written, words), 4) for words in (our_words, anchor_words))
    return [
        {
            "id": "L3",
            "work": "PDF text with places and chunks",
            "anchor_is": "pypdf, text alone",
            "goal": f"ratio >= {GOAL_RATIO}",
            "met": ours / anchor >= GOAL_RATIO,
            "ours": ours,
            "anchor": anchor,
            "ratio": round(ours / anchor, 2),
            "unit": "pages/cpu-s",
        },
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
    text = read()  # imports and tables are loaded once, by both
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        read()
        times.append(time.process_time() - started)
    return round(PAGES / statistics.median(times), 1), text


def _recall(written: Counter[str], text: str) -> float:
    return (written & Counter(text.split())).total() / written.total()


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
