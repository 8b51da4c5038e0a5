"""nDCG@10 of a search over the judged set: 1 is the best order there can be, 0 finds nothing of use.

Source: Järvelin and Kekäläinen 2002, with gain `2^grade - 1` and discount `log2(place + 1)`; the ideal is of the whole corpus.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from support.judged.corpus import Made
from support.judged.queries import QUERIES, Judged

DEPTH = 10


def ndcg(grades: Sequence[int], ideal: Iterable[int]) -> float:
    """Of the grades of what was found, in its order, against every grade there is."""
    best = _gain(sorted(ideal, reverse=True))
    return _gain(grades) / best if best else 0.0


def score(judged: Judged, found: Sequence[str], documents: Sequence[Made]) -> float:
    """Of one answer: file ids, best first."""
    grades = {made.row["file_id"]: judged.grade(made.facts) for made in documents}
    return ndcg([grades[file_id] for file_id in found], grades.values())


def scores(answer: Callable[[str], Sequence[str]], documents: Sequence[Made]) -> dict[str, float]:
    """Of every query."""
    return {judged.query: score(judged, answer(judged.query), documents) for judged in QUERIES}


def by_group(found: dict[str, float]) -> dict[str, float]:
    """The mean of each group of queries, and of all."""
    groups: dict[str, list[float]] = {}
    for judged in QUERIES:
        groups.setdefault(judged.group, []).append(found[judged.query])
    means = {group: sum(values) / len(values) for group, values in groups.items()}
    return means | {"all": sum(found.values()) / len(found)}


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades[:DEPTH], 1))
