"""What ai says of a generated document, set against what is written in it.

A class counts as said when it is named at all; `sure` when it is named without `suggested`. Of the extraction, kinds and
values are compared as sets: a value said twice counts once. A finding whose text is not the page's text at its span is
counted in `broken_spans`, and must not exist.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from documents.writing import Document
from filemill.ai.capabilities.run import look, registry_without
from filemill.ai.capabilities.subject import Page, Subject
from filemill.ai.capabilities.table import in_order

KINDS = ("total", "money", "date", "number", "party", "organisation", "iban", "vat-id", "phone", "email")
_SAME_KIND = {"invoice-number": "number", "reference": "number"}
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one document; `found` are (kind, value) pairs."""

    document: Document
    said_class: str
    probability: float
    sure: bool
    found: frozenset[tuple[str, str]]
    broken_spans: int

    @property
    def expected(self) -> str:
        """The class the template is of."""
        return self.document.template.document_class


@dataclass(slots=True)
class Score:
    """Right, wrongly said, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Of what was said, how much is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of what is there, how much was said."""
        return self.right / max(1, self.right + self.missed)


@dataclass(slots=True)
class Extraction:
    """A score per kind."""

    kinds: dict[str, Score] = field(default_factory=lambda: {kind: Score() for kind in KINDS})

    def add(self, said: Said) -> None:
        """Count one document."""
        for kind, score in self.kinds.items():
            there = {value for name, value in said.document.truths if name == kind}
            told = {value for name, value in said.found if name == kind}
            score.right += len(there & told)
            score.wrong += len(told - there)
            score.missed += len(there - told)


def subject_of(text_pages: Iterable[str], content_type: str = "text/plain", filename: str = "document.txt") -> Subject:
    """A subject of pages of text, as processing would hand it over."""
    pages = tuple(Page(number, text) for number, text in enumerate(text_pages, start=1))
    size_bytes = sum(len(page.text.encode()) for page in pages)
    return Subject("", filename, content_type, size_bytes, pages)


def say(document: Document, subject: Subject) -> Said:
    """Let language, entities and classification look at a document."""
    registry = registry_without(frozenset())
    for capability in in_order(("classification", "language")):
        subject = subject.with_finding(look(subject, capability, registry))
    named = subject.found("classification")
    entities = subject.found("entities").get("entities", [])
    assert isinstance(entities, list)
    texts = {page.number: page.text for page in subject.pages}
    broken = sum(texts[one["page"]][one["start"] : one["end"]] != one["text"] for one in entities)
    found = {(_SAME_KIND.get(one["kind"], one["kind"]), _value(one)) for one in entities}
    probability = named.get("probability", 0.0)
    return Said(
        document, str(named.get("class", NOTHING)), float(probability if isinstance(probability, float) else 0.0),
        bool(named) and not named.get("suggested"), frozenset(found), broken,
    )  # fmt: skip


def _value(one: Mapping[str, object]) -> str:
    """Amounts with two decimals, currency first; all else as it was said."""
    value = str(one["value"])
    if one["kind"] not in {"money", "total"}:
        return value
    currency, _, number = value.rpartition(" ")
    return f"{currency} {Decimal(number):.2f}"


def confusion(all_said: Iterable[Said]) -> Counter[tuple[str, str]]:
    """How often each class was taken for which."""
    return Counter((said.expected, said.said_class) for said in all_said)
