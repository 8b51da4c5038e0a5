"""What came out of the sandbox, checked and stored: each step's outcome with its pictures and its text as blobs.

The report and the files are the word of a program that read a hostile file: a step, a file or a plan that is not what was
asked for ends the try. On failure: blobs stored by then are left to the reconciler.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson

from filemill.chassis.jobs.table import Verdict
from filemill.chassis.jobs.worker import JobFailed
from filemill.chassis.sandbox import UntrustedOutputError, output_file
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore, put
from filemill.contracts.processing import RenditionRef, StepRecord, TextRef
from filemill.processing.content import Address
from filemill.processing.facts import bounded
from filemill.processing.results_repository import StepOutcome
from filemill.processing.steps.results import Rendition, RunResult, StepAdded, TextResult
from filemill.processing.steps.results import StepRecord as RawRecord

RENDITION_MOST_BYTES = 32 * 1024 * 1024
TEXT_MOST_BYTES = 64 * 1024 * 1024

NONSENSE = Verdict(
    "untrusted-result",
    "The program that read this file gave an answer that makes no sense; the file may be hostile.",
    retryable=True,
)


async def keep(store: BlobStore, result: RunResult, addresses: Sequence[Address], out: Path) -> list[StepOutcome]:
    """Store what the steps at these addresses made; a run may end before the last of them."""
    made = {one["name"]: one for one in result["renditions"]}
    steps, added = result["steps"], result["added"]
    asked = [(address.step, address.version) for address in addresses[: len(steps)]]
    if [(step["name"], step["version"]) for step in steps] != asked or [one["step"] for one in added] != [
        name for name, _ in asked
    ]:
        raise JobFailed(NONSENSE)
    kind = result["content_type"][:255]
    return [
        await _outcome(store, address, record, one, made, kind, out)
        for address, record, one in zip(addresses, steps, added, strict=False)
    ]


async def _outcome(
    store: BlobStore,
    address: Address,
    record: RawRecord,
    added: StepAdded,
    made: dict[str, Rendition],
    content_type: str,
    out: Path,
) -> StepOutcome:
    if not set(added["renditions"]) <= made.keys():
        raise JobFailed(NONSENSE)
    return StepOutcome(
        address,
        StepRecord.model_validate({**record, "options": address.options}),
        content_type,
        bounded(added["properties"]),
        None if added["text"] is None else await _keep_text(store, added["text"], out),
        tuple([await keep_rendition(store, made[name], out) for name in added["renditions"]]),
    )


async def keep_rendition(store: BlobStore, made: Rendition, out: Path) -> RenditionRef:
    """Store a picture that the sandbox left in `out`. Raises `JobFailed` if it is not what it should be."""
    body = _read_bounded(out, made["path"], RENDITION_MOST_BYTES)
    key = new_key()
    await put(store, key, body)
    return RenditionRef(
        name=made["name"][:40],
        content_type=made["content_type"][:100],
        size=len(body),
        storage_key=key,
        width=made["width_px"],
        height=made["height_px"],
        sha256=hashlib.sha256(body).hexdigest(),
    )


async def _keep_text(store: BlobStore, found: TextResult, out: Path) -> TextRef:
    if found["path"] is None:
        return TextRef(state=found["state"])
    body = _read_bounded(out, found["path"], TEXT_MOST_BYTES)
    pages = orjson.loads(body)["pages"]
    key = new_key()
    await put(store, key, body)
    return TextRef(
        state=found["state"],
        storage_key=key,
        characters=sum(len(page["text"]) for page in pages),
        pages=len(pages),
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )


def _read_bounded(out: Path, name: str, most_bytes: int) -> bytes:
    """A file the sandboxed child wrote; it chose the name, so the sandbox's own check decides."""
    try:
        return output_file(out, name, max_bytes=most_bytes).read_bytes()
    except UntrustedOutputError as error:
        raise JobFailed(Verdict(error.code, str(error), retryable=False)) from error
