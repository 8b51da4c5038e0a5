"""What a document counts for: the difference between what it was and what it is goes to the tallies, in its transaction.

So counts are right whatever order events come in and however often: a document that does not change counts nothing. Times are
counted in classes a tenth apart (`time_class`), from which percentiles are read within five percent. Times of single steps and
models are counted as they are told, once per event; they stay when the file is purged, as numbers of that day.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from filemill.chassis.database.database import Tx
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import Event
from filemill.contracts.processing import StepRecord
from filemill.metadata import tallies_repository
from filemill.metadata.keys import SEQ_BITS
from filemill.metadata.tallies_repository import Tally

FILES, STORED, TYPE, STATUS, TAG, FAILURE = "files", "stored", "type", "status", "tag", "failure"
PROCESSING_MS, ANALYSIS_MS = "ms processing", "ms analysis"
STEP_MS, MODEL_MS = "ms step ", "ms model "
"""With the step's, or the model's name behind it."""
OF_DOCUMENTS = (FILES, STORED, TYPE, STATUS, TAG, FAILURE, PROCESSING_MS, ANALYSIS_MS)
DAY_MS = 86_400_000
CLASS_FACTOR = 1.1
NAME_MOST = 200


def changed(tx: Tx, before: Mapping[Any, Any] | None, after: Mapping[Any, Any] | None) -> None:
    """A document was one thing and is another; None: it was not there, or is gone."""
    counts: Counter[Tally] = Counter()
    sizes: Counter[Tally] = Counter()
    for row, sign in ((before, -1), (after, 1)):
        if row is None:
            continue
        for tally in of(row):
            counts[tally] += sign
            sizes[tally] += sign * size_in(tally, row)
    one = after if after is not None else before
    if one is not None:
        tallies_repository.change(tx, one["owner_id"], {tally: (counts[tally], sizes[tally]) for tally in counts})


def of(row: Mapping[Any, Any]) -> list[Tally]:
    """What a document is counted as: nothing while it is unknown or in the trash."""
    if not row["known"] or row["deleted"]:
        return []
    day = (row["doc_id"] >> SEQ_BITS) // DAY_MS
    named = [(FILES, ""), (STORED, ""), (TYPE, row["content_type"]), (STATUS, row["status"])]
    named += [(TAG, tag) for tag in dict.fromkeys(row["tags"])]
    if row["status_reason"]:
        named.append((FAILURE, row["status_reason"]["code"]))
    for kind, column in ((PROCESSING_MS, "processing_ms"), (ANALYSIS_MS, "analysis_ms")):
        if row[column] is not None:
            named.append((kind, time_class(row[column])))
    return [Tally(kind, day, name[:NAME_MOST]) for kind, name in named]


def size_in(tally: Tally, row: Mapping[Any, Any]) -> int:
    """The bytes that a document adds to one of its tallies."""
    if tally.kind == STORED and row["stored_version"] == row["version"]:
        return int(row["stored_size"])
    return int(row["size"]) if tally.kind in (FILES, STORED, TYPE) else 0


def steps(tx: Tx, event: Event, owner_id: str, done: Iterable[StepRecord]) -> None:
    """Steps ran, however they ended; what was skipped or used again took no time."""
    times = [(f"{STEP_MS}{one.name}", one.duration_ms) for one in done if one.state != "skipped" and not one.reused]
    _timed(tx, event, owner_id, times)


def models(tx: Tx, event: Event, owner_id: str, data: FileAnalyzed) -> None:
    """Models ran."""
    ran = [one for one in data.findings if one.model and one.state in ("done", "empty") and not one.reused]
    _timed(tx, event, owner_id, [(f"{MODEL_MS}{one.model}", one.duration_ms) for one in ran])


def time_class(ms: float) -> str:
    """The class of a time: its number, as a name."""
    return str(math.floor(math.log(max(ms, 0.001), CLASS_FACTOR)))


def time_of(name: str) -> float:
    """The middle of a class, in milliseconds."""
    return round(math.pow(CLASS_FACTOR, int(name) + 0.5), 3)


def _timed(tx: Tx, event: Event, owner_id: str, times: Iterable[tuple[str, float | None]]) -> None:
    day = int(event.time.timestamp() * 1000) // DAY_MS
    counts = Counter(Tally(kind[:NAME_MOST], day, time_class(ms)) for kind, ms in times if ms is not None)
    tallies_repository.change(tx, owner_id, {tally: (count, 0) for tally, count in counts.items()})
