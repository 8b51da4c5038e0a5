"""THE table of capabilities: what ai can be asked for, in the order it runs (`names.AFTER`: what each needs to know before).

A capability without `apply` has no runtime in this version: its answer says which model it waits for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from filemill.ai.capabilities.barcodes import read_barcodes
from filemill.ai.capabilities.classes import classify
from filemill.ai.capabilities.description import describe
from filemill.ai.capabilities.entities.find import find_entities
from filemill.ai.capabilities.keywords import find_keywords
from filemill.ai.capabilities.language import detect_language
from filemill.ai.capabilities.names import AFTER, OPTIONAL
from filemill.ai.capabilities.results import Outcome
from filemill.ai.capabilities.sentiment import judge_sentiment
from filemill.ai.capabilities.subject import Subject


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing ai can say. `purpose` begins the sentence "... needs the model X"."""

    name: str
    purpose: str
    apply: Callable[[Subject], Outcome] | None


ALL: dict[str, Capability] = {
    capability.name: capability
    for capability in (
        Capability("language", "Detecting the language", detect_language),
        Capability("barcodes", "Reading barcodes", read_barcodes),
        Capability("entities", "Finding entities", find_entities),
        Capability("keywords", "Finding keywords", find_keywords),
        Capability("sentiment", "Judging sentiment", judge_sentiment),
        Capability("classification", "Classifying documents", classify),
        Capability("objects", "Finding objects", None),
        Capability("captions", "Captioning pictures", None),
        Capability("names", "Finding names in running text", None),
        Capability("embeddings", "Making vectors of the text", None),
        Capability("description", "Describing files", describe),
    )
}
DEFAULT: tuple[str, ...] = tuple(name for name in ALL if name not in OPTIONAL)


def in_order(wanted: Iterable[str]) -> list[Capability]:
    """Return the wanted capabilities and those they need, in the order of the table; unknown names raise KeyError."""
    needed: set[str] = set()
    open_names = list(wanted)
    while open_names:
        name = open_names.pop()
        if name not in needed:
            needed.add(name)
            open_names += AFTER.get(name, ())
    return [capability for name, capability in ALL.items() if name in needed]
