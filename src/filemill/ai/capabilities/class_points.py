"""One cue of a document class: what it speaks for, how strongly, and why, in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Points:
    """`points` for a class; `why` finishes the sentence "it ..."."""

    document_class: str
    points: float
    why: str
