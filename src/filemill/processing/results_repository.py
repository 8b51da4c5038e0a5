"""The rows of kept results: which bytes a file is, whose turn it is to work on them, what each step found out about them.

Takes the transaction, owns none. Whoever names, keeps or drops results of a content holds its key first (after the file's,
if it holds that), so on every engine a blob that several files share is dropped by the last of them and by nobody else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, insert, select, update

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.ids import new_id
from filemill.chassis.storage import removals as removal_rows
from filemill.contracts.processing import RenditionRef, StepRecord, TextRef
from filemill.processing.content import Address, Content
from filemill.processing.tables import content_runs, file_contents, renditions, result_blobs, step_results

TEXT = "text"
"""The rendition that is the extracted text, as `GET /files/{file_id}/text?format=json` gives it."""

DROPPED_AFTER_S = 900.0
"""Others learn by event that something was made anew; until then they may still read the old one."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step found out: its record, and what it added. `text` None: it said nothing about words."""

    address: Address
    record: StepRecord
    content_type: str
    properties: dict[str, Any] = field(default_factory=dict)
    text: TextRef | None = None
    renditions: tuple[RenditionRef, ...] = ()

    @property
    def storage_keys(self) -> list[str]:
        """Its blobs."""
        text = [self.text.storage_key] if self.text and self.text.storage_key else []
        return [made.storage_key for made in self.renditions] + text


# which bytes a file is


def learn_content(tx: Tx, file_id: str, version: int, content: Content) -> None:
    """These are the bytes of a version. Told again, nothing changes."""
    known = select(file_contents.c.file_id).where(
        file_contents.c.file_id == file_id, file_contents.c.version == version
    )
    if tx.execute(known).first() is None:
        row = {"file_id": file_id, "version": version, "owner_id": content.owner_id, "sha256": content.sha256}
        tx.execute(insert(file_contents), row)


def content_of(tx: Tx, file_id: str, version: int) -> Content | None:
    """The bytes of a version; None if it was learned of before we kept that."""
    query = select(file_contents.c.owner_id, file_contents.c.sha256)
    row = tx.execute(query.where(file_contents.c.file_id == file_id, file_contents.c.version == version)).first()
    return Content(*row) if row and row[1] else None


def note_made(tx: Tx, file_id: str, version: int, **made: Any) -> None:
    """What the last run made of a version: `content_type`, `plan`, `steps`."""
    same = and_(file_contents.c.file_id == file_id, file_contents.c.version == version)
    tx.execute(update(file_contents).where(same).values(**made))


# turns


def turn(tx: Tx, content: Content) -> tuple[str, int] | None:
    """The claim whose turn it is: (job, fence). Whether that job is still at work the caller has to ask."""
    query = select(content_runs.c.job_id, content_runs.c.fence).where(_of(content_runs, content))
    row = tx.execute(query.where(content_runs.c.job_id.is_not(None))).first()
    return (row[0], row[1]) if row else None


def take_turn(tx: Tx, content: Content, job_id: str, fence: int) -> None:
    """It is this claim's turn now; the caller holds the content and saw that it is nobody else's."""
    mine = {"job_id": job_id, "fence": fence}
    more = update(content_runs).where(_of(content_runs, content)).values(starts=content_runs.c.starts + 1, **mine)
    if not tx.execute(more).rowcount:
        tx.execute(insert(content_runs), {"owner_id": content.owner_id, "sha256": content.sha256, "starts": 1, **mine})


def end_turn(tx: Tx, content: Content, job_id: str) -> bool:
    """The turn is over; False if it was not this job's."""
    mine = and_(_of(content_runs, content), content_runs.c.job_id == job_id)
    return tx.execute(update(content_runs).where(mine).values(job_id=None)).rowcount == 1


def has_results(tx: Tx, content: Content) -> bool:
    """Whether anything at all is kept about these bytes."""
    return tx.execute(select(step_results.c.result_id).where(_of(step_results, content)).limit(1)).first() is not None


# results


def find(tx: Tx, content: Content, addresses: Sequence[Address]) -> list[StepOutcome]:
    """The results at the first of these addresses, up to the first without one."""
    rows = tx.execute(select(step_results).where(_of(step_results, content))).mappings().all()
    there = {(row["step"], row["version"], row["inputs"]): row for row in rows}
    found: list[tuple[Address, RowMapping]] = []
    for address in addresses:
        row = there.get((address.step, address.version, address.inputs))
        if row is None:
            break
        found.append((address, row))
    blobs: dict[str, list[RowMapping]] = {row["result_id"]: [] for _, row in found}
    query = select(result_blobs).where(result_blobs.c.result_id.in_(list(blobs)))
    for blob in tx.execute(query.order_by(result_blobs.c.position)).mappings() if blobs else ():
        blobs[blob["result_id"]].append(blob)
    return [_outcome(address, row, blobs[row["result_id"]]) for address, row in found]


def keep(tx: Tx, content: Content, outcomes: Iterable[StepOutcome], job_id: str) -> None:
    """Keep results, instead of those at the same address and of older versions of the step."""
    for outcome in outcomes:
        address = outcome.address
        same = and_(step_results.c.version == address.version, step_results.c.inputs == address.inputs)
        older = step_results.c.version < address.version
        _drop(tx, and_(_of(step_results, content), step_results.c.step == address.step, same | older))
        result_id = new_id()
        tx.execute(insert(step_results), _row(content, outcome, result_id, job_id))
        blobs = _blob_rows(outcome, result_id)
        if blobs:
            tx.execute(insert(result_blobs), blobs)


def unnamed(tx: Tx, keys: Sequence[str]) -> list[str]:
    """Those of these blobs that neither a rendition nor a result names."""
    return sorted(set(keys) - set(named(tx, keys)))


def named(tx: Tx, keys: Sequence[str]) -> list[str]:
    """Those of these blobs that a rendition or a result names."""
    made = select(renditions.c.storage_key).where(renditions.c.storage_key.in_(keys))
    kept = select(result_blobs.c.storage_key).where(result_blobs.c.storage_key.in_(keys))
    return sorted({*tx.execute(made).scalars(), *tx.execute(kept).scalars()}) if keys else []


def files_with(tx: Tx, storage_key: str) -> list[str]:
    """The files whose bytes a result with this blob is about."""
    same = and_(step_results.c.owner_id == file_contents.c.owner_id, step_results.c.sha256 == file_contents.c.sha256)
    query = select(file_contents.c.file_id).join(step_results, same)
    query = query.join(result_blobs, result_blobs.c.result_id == step_results.c.result_id)
    return sorted(set(tx.execute(query.where(result_blobs.c.storage_key == storage_key)).scalars()))


# erasing a file


def erase_renditions(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """Its renditions go; their blobs if no equal file, and no result, names them."""
    hold(tx, *[content.key for content in _contents(tx, file_id)])
    gone = delete(renditions).where(renditions.c.file_id == file_id).returning(renditions.c.storage_key)
    keys = list(tx.execute(gone).scalars())
    return len(keys), unnamed(tx, keys)


def erase_results(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """The results about bytes that no other file of the owner has, and their blobs."""
    count = 0
    keys: list[str] = []
    for content in _only_here(tx, file_id):
        rows, dropped = _delete(tx, _of(step_results, content))
        count, keys = count + rows, keys + dropped
    return count, unnamed(tx, keys)


def erase_blobs(_tx: Tx, _file_id: str) -> tuple[int, list[str]]:
    """They go with their results: `erase_results` names them."""
    return 0, []


def erase_runs(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """The turns of bytes that no other file of the owner has."""
    gone = [tx.execute(delete(content_runs).where(_of(content_runs, one))).rowcount for one in _only_here(tx, file_id)]
    return sum(gone), []


def _contents(tx: Tx, file_id: str) -> list[Content]:
    query = select(file_contents.c.owner_id, file_contents.c.sha256).where(file_contents.c.file_id == file_id)
    return [Content(*row) for row in tx.execute(query.distinct()) if row[1]]


def _only_here(tx: Tx, file_id: str) -> list[Content]:
    contents = _contents(tx, file_id)
    hold(tx, *[content.key for content in contents])
    return [content for content in contents if not _elsewhere(tx, content, file_id)]


def _elsewhere(tx: Tx, content: Content, file_id: str) -> bool:
    other = and_(_of(file_contents, content), file_contents.c.file_id != file_id)
    return bool(tx.execute(select(exists().where(other))).scalar())


def _of(table: Any, content: Content) -> ColumnElement[bool]:
    found: ColumnElement[bool] = and_(table.c.owner_id == content.owner_id, table.c.sha256 == content.sha256)
    return found


def _drop(tx: Tx, which: ColumnElement[bool]) -> None:
    _, keys = _delete(tx, which)
    removal_rows.add(tx, unnamed(tx, keys), after_s=DROPPED_AFTER_S)


def _delete(tx: Tx, which: ColumnElement[bool]) -> tuple[int, list[str]]:
    """(results, keys of their blobs)."""
    ids = list(tx.execute(delete(step_results).where(which).returning(step_results.c.result_id)).scalars())
    if not ids:
        return 0, []
    gone = delete(result_blobs).where(result_blobs.c.result_id.in_(ids)).returning(result_blobs.c.storage_key)
    return len(ids), list(tx.execute(gone).scalars())


def _row(content: Content, outcome: StepOutcome, result_id: str, job_id: str) -> dict[str, Any]:
    address, record, text = outcome.address, outcome.record, outcome.text
    return {
        "result_id": result_id, "owner_id": content.owner_id, "sha256": content.sha256, "step": address.step,
        "version": address.version, "inputs": address.inputs, "options": address.options,
        "content_type": outcome.content_type, "state": record.state, "code": record.code, "detail": record.detail,
        "duration_ms": record.duration_ms, "properties": outcome.properties, "text_state": text.state if text else None,
        "characters": text.characters if text else 0, "pages": text.pages if text else 0, "job_id": job_id,
        "made_at": now(),
    }  # fmt: skip


def _blob_rows(outcome: StepOutcome, result_id: str) -> list[dict[str, Any]]:
    rows = [made.model_dump() for made in outcome.renditions]
    text = outcome.text
    if text is not None and text.storage_key is not None:
        about = {"name": TEXT, "content_type": "application/json", "size": text.size, "width": None, "height": None}
        rows.append(about | {"storage_key": text.storage_key, "sha256": text.sha256})
    return [row | {"result_id": result_id, "position": position} for position, row in enumerate(rows)]


def _outcome(address: Address, row: RowMapping, blobs: Sequence[RowMapping]) -> StepOutcome:
    refs = [RenditionRef.model_validate({name: blob[name] for name in RenditionRef.model_fields}) for blob in blobs]
    words = next((ref for ref in refs if ref.name == TEXT), None)
    text = None
    if row["text_state"] is not None:
        text = TextRef(
            state=row["text_state"], characters=row["characters"], pages=row["pages"],
            storage_key=words.storage_key if words else None, size=words.size if words else None,
            sha256=words.sha256 if words else None,
        )  # fmt: skip
    record = StepRecord(
        name=address.step, version=address.version, state=row["state"], code=row["code"], detail=row["detail"],
        duration_ms=row["duration_ms"], options=row["options"], reused=True,
    )  # fmt: skip
    made = tuple(ref for ref in refs if ref is not words)
    return StepOutcome(address, record, row["content_type"], row["properties"], text, made)
