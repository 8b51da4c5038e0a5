"""L4: the words of office documents, against markitdown: processor time a file, and how many files give any words at all.

Both read the office files of the corpus, twice, each in a warm process of its own; the second time counts. Compared are the
files that both finish. Ours does more: words as pages, Markdown, chunks, the JSON file. A good third of what the test suites of
office libraries bring has no words at all, or is behind a password: so the share is told of all files, and of those in which
one of the two finds words.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anchor_environment
import corpus
import processes
from corpus import Sample

GOAL_RATIO, GOAL_SHARE = 4.0, 0.88
READ_S = 900
ANCHOR = ("markitdown[docx,outlook,pptx,xls,xlsx]==0.1.9",)
_WORK = "office text: processor time a file"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one file went; `has_words` is None where nothing could be read."""

    cpu_s: float
    has_words: bool | None


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    samples = corpus.samples(corpus.OFFICE)
    if not samples:
        return [anchor_environment.missing_row("L4", _WORK, "its corpus", f"ratio >= {GOAL_RATIO:g}", "cpu-ms")]
    ours = _ours(samples)
    python = anchor_environment.python_with("markitdown", *ANCHOR)
    goal = f"ratio >= {GOAL_RATIO:g}"
    if python is None:
        row = anchor_environment.missing_row("L4", _WORK, "markitdown", goal, "cpu-ms")
        return [row, _share_row("L4-all", ours, None)]
    theirs = _theirs(python, samples)
    both = [(o, t) for o, t in zip(ours, theirs, strict=True) if o.has_words is not None and t.has_words is not None]
    ours_ms = round(sum(one.cpu_s for one, _ in both) / len(both) * 1000, 2)
    theirs_ms = round(sum(one.cpu_s for _, one in both) / len(both) * 1000, 2)
    ratio = round(theirs_ms / ours_ms, 2)
    wordy = [(o, t) for o, t in zip(ours, theirs, strict=True) if o.has_words or t.has_words]
    return [
        {
            "id": "L4",
            "work": f"{_WORK}, {len(both)} of {len(samples)} that both finish",
            "anchor_is": "markitdown",
            "goal": goal,
            "met": ratio >= GOAL_RATIO,
            "ours": ours_ms,
            "anchor": theirs_ms,
            "ratio": ratio,
            "unit": "cpu-ms",
        },
        _share_row("L4-all", ours, theirs),
        _share_row("L4-words", [o for o, _ in wordy], [t for _, t in wordy]),
    ]


def _share_row(number: str, ours: list[Reading], theirs: list[Reading] | None) -> dict[str, Any]:
    share, their_share = _share(ours), _share(theirs) if theirs else None
    which = "in which either finds some" if number == "L4-words" and theirs else "of all kinds, blank ones too"
    return {
        "id": number,
        "work": f"office files with words, of {len(ours)} {which}",
        "anchor_is": "markitdown" if theirs else "markitdown, which could not be had",
        "goal": f">= {GOAL_SHARE}",
        "met": share >= GOAL_SHARE,
        "ours": round(share, 4),
        "anchor": "-" if their_share is None else round(their_share, 4),
        "ratio": "-" if their_share is None else round(share / their_share, 3),
        "unit": "share",
    }


def _share(readings: list[Reading]) -> float:
    return sum(1 for one in readings if one.has_words) / len(readings)


def _ours(samples: list[Sample]) -> list[Reading]:
    with tempfile.TemporaryDirectory() as folder:
        for sample in samples:
            _read(sample, Path(folder))
        readings = [_read(sample, Path(folder)) for sample in samples]
    for sample, reading in zip(samples, readings, strict=True):
        if not reading.has_words:
            print(f"no words: {sample.package}/{sample.name}", file=sys.stderr)
    return readings


def _read(sample: Sample, folder: Path) -> Reading:
    from filemill.processing.steps import document_text, identify, text_blob, text_pages
    from filemill.processing.steps.context import StepContext
    from filemill.processing.steps.results import StepError

    context = StepContext(sample.path, folder, Path(sample.name).name, "", "")
    began_s = time.process_time()
    try:
        identify.run(context)
        document_text.run(context)
    except StepError:
        return Reading(time.process_time() - began_s, None)
    text_blob.write(context.pages, context.markdown, folder, by=document_text.NAME)
    return Reading(time.process_time() - began_s, text_pages.has_words(context.pages))


def _theirs(python: Path, samples: list[Sample]) -> list[Reading]:
    paths = "".join(f"{sample.path}\n" for sample in samples)
    told = subprocess.run(
        [str(python), str(processes.ANCHORS / "markitdown_reader.py")],
        input=paths * 2,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=READ_S,
    )
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    return [Reading(line["cpu_s"], line["has_words"]) for line in lines[len(samples) :]]


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
