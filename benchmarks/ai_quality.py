"""`make ai-quality`: how often ai is right about documents it was not made with.

    python benchmarks/ai_quality.py                     # print the tables
    python benchmarks/ai_quality.py --write             # and put them into docs/ai-quality.md, with the picture
    python benchmarks/ai_quality.py --part development  # on the templates that the rules were written with

Documents are written from templates and invented facts, with noise, and a part of them is drawn, turned, and read back by
tesseract. The same seed gives the same texts. Not for: deciding whether a change may land, nor for tuning: who changes a rule
because of an error seen here makes fresh templates, or says so in docs/ai-quality.md.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from documents.confusion_picture import picture
from documents.facts import Part
from documents.measuring import NOTHING, Extraction, Said, confusion, say, subject_of
from documents.scans import scan
from documents.tables import by_group, classes_table, extraction_table
from documents.writing import CLASSES, NONE, Noise, templates, write

from filemill.ai.capabilities.run import registry_without
from filemill.ai.capabilities.subject import Page, Subject

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ai-quality.md"
PICTURE = ROOT / "docs" / "images" / "ai-confusion.svg"
TEXTS: tuple[tuple[Noise, str], ...] = (("clean", "a"), ("layout", "b"), ("layout", "c"), ("typing", "d"))
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> None:
    """Measure, print, write."""
    arguments = argparse.ArgumentParser(description="How often ai is right about generated documents.")
    arguments.add_argument(
        "--part", default="held_back", choices=("training", "development", "seen", "fresh", "held_back")
    )
    arguments.add_argument("--no-scans", action="store_true", help="leave out what takes tesseract")
    arguments.add_argument("--errors", action="store_true", help="list what was wrong (then it is seen: see above)")
    arguments.add_argument("--write", action="store_true", help="put the tables into docs/ai-quality.md")
    chosen = arguments.parse_args()
    began_s = time.monotonic()
    texts = list(of_texts(chosen.part))
    scans = [] if chosen.no_scans else list(of_scans(chosen.part))
    report = f"{headline(texts, scans)}\n\n{body(texts, scans)}"
    print(report)
    print(f"took {time.monotonic() - began_s:.0f} s", file=sys.stderr)
    if chosen.errors:
        for said in (*texts, *scans):
            print_errors(said)
    if chosen.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{report}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
        PICTURE.write_text(
            picture(confusion((*texts, *scans)), (*CLASSES, NONE), (*CLASSES, NOTHING)), encoding="utf-8"
        )


def of_texts(part: Part) -> Iterator[Said]:
    """Each template four times as text: as written, laid out in two ways, with typing errors."""
    for template in templates(part):
        for noise, seed in TEXTS:
            document = write(template, seed, part, noise)
            yield say(document, subject_of([document.text]))


def of_scans(part: Part) -> Iterator[Said]:
    """Each template once as a scan."""
    for template in templates(part):
        document, pages = scan(write(template, "scan", part, "clean"), "scan")
        placed = tuple(Page(page.number, page.text) for page in pages)
        yield say(document, Subject("", "scan.jpg", "image/jpeg", 0, placed))


def headline(texts: list[Said], scans: list[Said]) -> str:
    """When, with what, and how many."""
    models = registry_without(frozenset())
    names = [models.best("classification"), models.best("entities")]
    said = ", ".join(f"{model.entry.id} {model.entry.version} ({model.digest[:12]})" for model in names if model)
    broken = sum(one.broken_spans for one in (*texts, *scans))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {len(texts)} texts and {len(scans)} scans; {said}. "
        f"Findings whose text is not the document's text at their span: {broken}."
    )


def body(texts: list[Said], scans: list[Said]) -> str:
    """The tables."""
    groups = [("texts", texts), ("scans", scans), *by_group(texts)]
    parts = ["### Classes", classes_table([(name, group) for name, group in groups if group])]
    for name, group in (("texts", texts), ("scans", scans)):
        if group:
            extraction = Extraction()
            for said in group:
                extraction.add(said)
            parts += [f"### Key information in {name}", extraction_table(extraction)]
    return "\n\n".join(parts)


def print_errors(said: Said) -> None:
    """What was expected and what was said of a document that went wrong."""
    template = said.document.template
    if said.said_class != (NOTHING if said.expected == NONE else said.expected):
        print(f"{template.name} {said.document.noise}: class {said.said_class} {said.probability:.2f}")
    missed = sorted(said.document.truths - said.found)
    wrong = sorted(pair for pair in said.found - said.document.truths if pair[0] in Extraction().kinds)
    if missed or wrong:
        print(f"{template.name} {said.document.noise}: missed {missed}, wrongly {wrong}")


if __name__ == "__main__":
    main()
