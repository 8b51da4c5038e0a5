"""The tables of docs/ai-quality.md, as Markdown."""

from collections.abc import Iterable, Iterator

from documents.measuring import NOTHING, Extraction, Said
from documents.writing import CLASSES, NONE


def by_group(all_said: list[Said]) -> Iterator[tuple[str, list[Said]]]:
    """Yield the documents by language and by noise."""
    for language in ("en", "de", "fr"):
        yield f"texts, {language}", [said for said in all_said if said.document.template.language == language]
    for noise in ("clean", "layout", "typing"):
        yield f"texts, {noise}", [said for said in all_said if said.document.noise == noise]
    for document_class in CLASSES:
        yield f"texts, {document_class}", [said for said in all_said if said.expected == document_class]


def classes_table(groups: Iterable[tuple[str, list[Said]]]) -> str:
    """How often the class is right, and how often it is said surely."""
    lines = [
        "| documents | of 8 classes | right | wrong | not named | said surely | surely wrong | of no class, yet named |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, group in groups:
        real = [said for said in group if said.expected != NONE]
        others = [said for said in group if said.expected == NONE]
        right = sum(said.said_class == said.expected for said in real)
        unnamed = sum(said.said_class == NOTHING for said in real)
        sure = [said for said in group if said.sure]
        surely_wrong = sum(said.said_class != said.expected for said in sure)
        named = sum(said.said_class != NOTHING for said in others)
        lines.append(
            f"| {name} | {len(real)} | {right} ({share(right, len(real))}) | {len(real) - right - unnamed} | {unnamed} "
            f"| {len(sure)} | {surely_wrong} | {f'{named} of {len(others)}' if others else '-'} |"
        )
    return "\n".join(lines)


def extraction_table(extraction: Extraction) -> str:
    """Precision and recall of each kind."""
    lines = ["| kind | there | precision | recall |", "| --- | --- | --- | --- |"]
    for kind, score in extraction.kinds.items():
        there, said = score.right + score.missed, score.right + score.wrong
        lines.append(f"| {kind} | {there} | {share(score.right, said)} | {share(score.right, there)} |")
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A share in percent, or a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
