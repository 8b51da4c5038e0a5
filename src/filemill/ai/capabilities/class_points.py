"""One cue of a document class: what it speaks for, how strongly, and why, in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Points:
    """`points` for a class; `why` finishes the sentence "it ...".

    `placed`: it speaks by where it stands or what is around it (a heading, a label, a column), and not by a word alone.
    """

    document_class: str
    points: float
    why: str
    placed: bool = True
