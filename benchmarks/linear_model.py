"""Would a linear model, trained on generated documents, name classes better than the weights that were set by hand?

    python benchmarks/linear_model.py

Multinomial logistic regression on the cues that fire (`cues`), and on them and the words of the text (`words`), starting from
the points set by hand, with L2 towards no change; trained on every set but the held-back one, tested on that. It is not
shipped: what it says of kinds of documents it has not seen is worse. Needs numpy (comes with py3langid).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from documents.facts import Part
from documents.measuring import subject_of
from documents.writing import CLASSES, NONE, Noise, templates, write

from filemill.ai.capabilities.classes import NONE_POINTS, cues_of
from filemill.ai.capabilities.run import look, registry_without
from filemill.ai.capabilities.table import ALL

LABELS = (*CLASSES, NONE)
TRAINED_ON: tuple[Part, ...] = ("training", "development", "seen")
NOISES: tuple[tuple[Noise, str], ...] = (("clean", "a"), ("layout", "b"), ("typing", "d"))
STRENGTHS = (0.03, 0.3, 3.0, 10.0)
ROUNDS, STEP = 400, 1.0
WORD_TEMPLATES = 3  # a word must be in so many templates
SURE = 0.8
Matrix = Any  # numpy's own types say more than a reader wants to know


@dataclass(frozen=True, slots=True)
class Row:
    """One document: its template, label, points by cue, and words."""

    template: str
    label: int
    points: dict[tuple[str, str], float]
    words: frozenset[str]


def main() -> None:
    """Train, test, print."""
    train = [row for part in TRAINED_ON for row in rows_of(part)]
    test = list(rows_of("held_back"))
    by_word: dict[str, set[str]] = defaultdict(set)
    for row in train:
        for word in row.words:
            by_word[word].add(row.template)
    words = sorted(word for word, names in by_word.items() if len(names) >= WORD_TEMPLATES)
    cues = sorted({cue for row in train for cue in row.points})
    labels, expected = (np.array([row.label for row in rows]) for rows in (train, test))
    base_train, base = by_hand(train), by_hand(test)
    print(f"{len(train)} documents, {len(cues)} cues, {len(words)} words; tested on {len(test)}")
    print(f"by hand          {told(base, expected)}")
    for name, vocabulary in (("cues", []), ("words", words)):
        x_train, x_test = design(train, cues, vocabulary), design(test, cues, vocabulary)
        for strength in STRENGTHS:
            weights = fitted(x_train, base_train, labels, strength)
            print(f"{name:<6} L2 {strength:<6} {told(base + x_test @ weights, expected)}")


def rows_of(part: Part) -> Iterable[Row]:
    """What fires and stands in each document."""
    registry = registry_without(frozenset())
    for template in templates(part):
        for noise, seed in NOISES:
            subject = subject_of([write(template, seed, part, noise).text])
            subject = subject.with_finding(look(subject, ALL["entities"], registry))
            points: dict[tuple[str, str], float] = defaultdict(float)
            for cue in cues_of(subject):
                points[cue.document_class, cue.why] += cue.points
            plain = unicodedata.normalize("NFKD", subject.text.casefold()).encode("ascii", "ignore").decode()
            words = frozenset(re.findall(r"[a-z]{3,}", plain))
            yield Row(template.name, LABELS.index(template.document_class), dict(points), words)


def by_hand(rows: list[Row]) -> Matrix:
    """(documents, labels) float: the points set by hand."""
    scores = np.zeros((len(rows), len(LABELS)))
    scores[:, -1] = NONE_POINTS
    for at, row in enumerate(rows):
        for (document_class, _), points in row.points.items():
            if document_class in CLASSES:
                scores[at, LABELS.index(document_class)] += points
    return scores


def design(rows: list[Row], cues: list[tuple[str, str]], words: list[str]) -> Matrix:
    """(documents, cues + words + 1) float: what fires, what stands there, and a constant."""
    cue_at, word_at = {cue: at for at, cue in enumerate(cues)}, {word: at for at, word in enumerate(words)}
    x = np.zeros((len(rows), len(cues) + len(words) + 1))
    x[:, -1] = 1
    for at, row in enumerate(rows):
        x[at, [cue_at[cue] for cue in row.points if cue in cue_at]] = 1
        x[at, [len(cues) + word_at[word] for word in row.words if word in word_at]] = 1
    return x


def fitted(x: Matrix, base: Matrix, labels: Matrix, strength: float) -> Matrix:
    """Weights by plain gradient descent."""
    weights, wanted = np.zeros((x.shape[1], len(LABELS))), np.eye(len(LABELS))[labels]
    for _ in range(ROUNDS):
        slope = x.T @ (shares(base + x @ weights) - wanted) / len(labels) + strength * weights / len(labels)
        weights -= STEP * slope
    return weights


def shares(scores: Matrix) -> Matrix:
    """Softmax by row."""
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def told(scores: Matrix, expected: Matrix) -> str:
    """How much is right, and what is said surely and wrongly."""
    likely = shares(scores)
    said, real = likely.argmax(axis=1), expected < len(CLASSES)
    sure = (likely.max(axis=1) >= SURE) & (said < len(CLASSES))
    loss = -np.log(likely[np.arange(len(expected)), expected] + 1e-9).mean()
    return (
        f"of 8 classes right {np.mean(said[real] == expected[real]):.3f}, sure {int(sure.sum())}, "
        f"surely wrong {int((sure & (said != expected)).sum())}, log loss {loss:.3f}"
    )


if __name__ == "__main__":
    main()
