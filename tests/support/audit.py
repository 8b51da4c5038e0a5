"""The audit after a crash run: is every promise kept? Each function returns what is wrong, in words; empty is good.

Promises: an acknowledged file is there once with the bytes that were sent; it is processed and analysed, or
failed with a reason; each effect is counted once; nothing is left in a queue or parked; every database is whole.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from filemill.chassis.storage.keys import COMPRESSED_SUFFIX
from filemill.contracts.topics import QUEUES, queues_for
from support.mill import Mill
from support.quiet import OUTBOXES
from support.uploads import Upload

WORDS_LOOKED_UP = 10
_ENDED = ("processed", "failed")


def audit(mill: Mill, uploads: Iterable[Upload], acknowledged: Mapping[str, str]) -> list[str]:
    """Everything that is wrong. The effects are counted first, because reading a file is an effect of its own."""
    uploads = list(uploads)
    return [
        *rows(mill, acknowledged),
        *endings(mill, acknowledged),
        *effects(mill, acknowledged.values()),
        *lives(mill),
        *purges(mill),
        *erasures(mill),
        *deliveries(mill),
        *leftovers(mill),
        *contents(mill, uploads, acknowledged),
        *findable(mill, uploads, acknowledged),
        *mill.engines.integrity(),
    ]


def rows(mill: Mill, acknowledged: Mapping[str, str]) -> list[str]:
    """One row for each key that was acknowledged, and no row without one."""
    there = {row[0] for row in mill.rows("upload", "SELECT file_id FROM files")}
    # A resumable upload has no key of that kind; its client says the key as `external_id`.
    named = mill.rows("upload", "SELECT external_id, file_id FROM files WHERE external_id IS NOT NULL")
    keys = dict(mill.rows("upload", "SELECT key, file_id FROM idempotency WHERE file_id IS NOT NULL")) | dict(named)
    wrong = [f"{count} files: {key}" for key, count in _repeated(key for key, _ in named)]
    wrong += [
        f"lost: {key} was acknowledged as {file_id}" for key, file_id in acknowledged.items() if file_id not in there
    ]
    wrong += [
        f"another id: {key} is {keys.get(key)}, not {id_}" for key, id_ in acknowledged.items() if keys.get(key) != id_
    ]
    strangers = there - set(keys.values())
    wrong += [f"duplicate: row {file_id} belongs to no key" for file_id in strangers]
    return wrong


def endings(mill: Mill, acknowledged: Mapping[str, str]) -> list[str]:
    """Each file is processed and analysed, or failed with a reason; upload's copy says the same as metadata."""
    query = "SELECT file_id, known, status, status_reason, analysis, analysis_reason FROM documents"
    documents = {row[0]: row[1:] for row in mill.rows("metadata", query)}
    copies = {row[0]: row[1:] for row in mill.rows("upload", "SELECT file_id, status, analysis FROM files")}
    wrong = []
    for file_id in acknowledged.values():
        known, status, reason, analysis, why = documents.get(file_id, (0, None, None, None, None))
        if not known or status not in _ENDED or (status == "failed" and not reason):
            wrong.append(f"not ended: {file_id} is {status} ({reason}), known: {known}")
        if analysis == "pending" or analysis is None or (analysis != "done" and not why):
            wrong.append(f"not analysed: {file_id} is {analysis} ({why})")
        if copies.get(file_id) != (status, analysis):
            wrong.append(f"stale copy: {file_id} is {copies.get(file_id)} at upload, {(status, analysis)} at metadata")
    return wrong


def effects(mill: Mill, file_ids: Iterable[str]) -> list[str]:
    """Each effect of each file exactly once, however often its event came."""
    wrong = []
    counted = {
        "audit entry": Counter(_ids(mill, "metadata", "SELECT file_id FROM audit WHERE action = 'uploaded'")),
        "story entry": Counter(_ids(mill, "metadata", "SELECT file_id FROM timeline WHERE step = 'stored'")),
        "processing job": Counter(_ids(mill, "processing", "SELECT file_id FROM jobs")),
        "end of processing": Counter(_ids(mill, "metadata", _ENDS_OF_PROCESSING)),
        "default analysis": Counter(_ids(mill, "ai", "SELECT file_id FROM jobs WHERE cause = 'processed'")),
        "end of analysis": Counter(_ids(mill, "metadata", "SELECT file_id FROM timeline WHERE step = 'analysis'")),
    }
    file_ids = list(file_ids)
    for what, count in counted.items():
        wrong += [f"{count[file_id]} times {what}: {file_id}" for file_id in file_ids if count[file_id] != 1]
    steps = mill.rows("metadata", "SELECT file_id, service, step, state, attempt, detail FROM timeline")
    told = _repeated((*row[:5], json.loads(row[5]).get("job_id")) for row in steps)
    wrong += [f"told {count} times: {step}" for step, count in told if step[0] in set(file_ids)]
    for service in ("processing", "ai"):
        tries = "SELECT file_id, state, attempts, fence FROM jobs WHERE state NOT IN ('done', 'failed') OR attempts < 1"
        bad = [row for row in mill.rows(service, tries) if row[0] in set(file_ids)]
        wrong += [f"{service} job did not end: {row}" for row in bad]
    return wrong + live_events(mill, set(file_ids))


def lives(mill: Mill) -> list[str]:
    """Metadata and upload agree on which files are in the trash."""
    kept = dict(mill.rows("upload", "SELECT file_id, deleted_at IS NOT NULL FROM files"))
    shown = dict(mill.rows("metadata", "SELECT file_id, deleted FROM documents"))
    return [f"in the trash or not: {id_}" for id_, deleted in kept.items() if shown.get(id_) != deleted]


_ABOUT_FILES = {
    "upload": ("files", "versions", "spooled"),
    "metadata": ("documents", "timeline"),
    "processing": ("known_files", "jobs", "renditions", "removals"),
    "ai": ("known_files", "jobs", "results"),
}


def purges(mill: Mill) -> list[str]:
    """Each purge has ended, and no service has a row about its file any more."""
    purged = dict(mill.rows("upload", "SELECT file_id, done_at FROM purges"))
    wrong = [f"purge not ended: {file_id}" for file_id, done_at in purged.items() if done_at is None]
    for service, tables in _ABOUT_FILES.items():
        for table in tables:
            there = set(_ids(mill, service, f"SELECT file_id FROM {table}"))
            wrong += [f"purged, but in {service}.{table}: {file_id}" for file_id in there & set(purged)]
    return wrong


def erasures(mill: Mill) -> list[str]:
    """Each owner who was to be erased is, once, and no service remembers the name."""
    query = "SELECT erasure_id, owner_id, stage FROM erasures"
    asked = {row[0]: row[1:] for row in mill.rows("access", query)}
    wrong = [f"erasure not ended: {id_}, {stage}" for id_, (_, stage) in asked.items() if stage != "done"]
    for service in ("upload", "metadata", "processing", "ai", "notification"):
        told = mill.rows(service, "SELECT erasure_id, owner_id, stage FROM owner_erasures")
        heard = {row[0]: row[1:] for row in told}
        wrong += [
            f"erasure not ended: {id_}, in {service}: {heard.get(id_)}"
            for id_ in asked
            if heard.get(id_) != (f"erased:{id_}", "done")
        ]
    return wrong


_ENDS_OF_PROCESSING = (
    "SELECT file_id FROM timeline WHERE service = 'processing' AND step = 'plan' AND state IN ('done', 'failed')"
)


def live_events(mill: Mill, file_ids: set[str]) -> list[str]:
    """The live table holds each event once, and each ending of these files once."""
    bodies = [json.loads(row[0]) for row in mill.rows("notification", "SELECT body FROM live_events")]
    wrong = [f"shown {count} times: event {id_}" for id_, count in _repeated(body["id"] for body in bodies)]
    endings = [
        (body["subject"], "file.ended" if body["type"] in ("file.processed", "file.failed") else body["type"])
        for body in bodies
        if body["subject"] in file_ids
        and body["type"] in ("file.uploaded", "file.processed", "file.failed", "file.analyzed")
    ]
    return wrong + [f"shown {count} times: {what}" for what, count in _repeated(endings)]


def deliveries(mill: Mill) -> list[str]:
    """Every event of every outbox was sent, and seen by each queue that listens to its type."""
    seen = {service: set(mill.rows(service, "SELECT queue, event_id FROM inbox")) for service in OUTBOXES}
    wrong = []
    for service in OUTBOXES:
        for event_id, body in mill.rows(service, "SELECT event_id, body FROM outbox"):
            topic = json.loads(body)["type"]
            wrong += [
                f"never delivered: {topic} {event_id} of {service} to {queue}"
                for queue in queues_for(topic)
                if (queue, event_id) not in seen[queue.partition(".")[0]]
            ]
    return wrong


def leftovers(mill: Mill) -> list[str]:
    """Nothing is parked."""
    wrong = []
    for service in sorted({queue.partition(".")[0] for queue in QUEUES}):
        parked = httpx.get(f"http://127.0.0.1:{mill.ports[service]}/parked", timeout=30).raise_for_status().json()
        wrong += [f"parked in {one['queue']}: {one['id']}, {one['tries']}, {one['reason']}" for one in parked["items"]]
    return wrong


def contents(mill: Mill, uploads: Iterable[Upload], acknowledged: Mapping[str, str]) -> list[str]:
    """Every acknowledged file has, through the API, the bytes that were sent."""
    with httpx.Client(base_url=mill.url, timeout=30.0) as client, ThreadPoolExecutor(4) as threads:

        def check(upload: Upload) -> str | None:
            answer = client.get(f"/api/upload/files/{acknowledged[upload.key]}/content")
            same = answer.status_code == 200 and hashlib.sha256(answer.content).hexdigest() == upload.sha256
            return None if same else f"bad bytes: {upload.key}: {answer.status_code}, {len(answer.content)} bytes"

        found = threads.map(check, [upload for upload in uploads if upload.key in acknowledged])
        return [wrong for wrong in found if wrong]


def findable(mill: Mill, uploads: Iterable[Upload], acknowledged: Mapping[str, str]) -> list[str]:
    """The word that only one text has finds this text."""
    wrong = []
    texts = [upload for upload in uploads if upload.filename.endswith(".txt") and upload.key in acknowledged]
    with mill.client() as client:
        for upload in texts[:: max(1, len(texts) // WORDS_LOOKED_UP)]:
            hits = client.get("/api/metadata/files", params={"q": upload.word}).json()["items"]
            if [hit["file_id"] for hit in hits] != [acknowledged[upload.key]]:
                wrong.append(f"not found by its word: {upload.key}, {len(hits)} hits")
    return wrong


def orphan_blobs(mill: Mill) -> int:
    """Whole blobs that no row names: allowed after a crash (a reconciler sweeps them), counted to be shown."""
    named = set(_ids(mill, "upload", "SELECT storage_key FROM files"))
    named |= set(_ids(mill, "processing", "SELECT storage_key FROM renditions"))
    texts = (json.loads(text) for (text,) in mill.rows("metadata", "SELECT text FROM documents WHERE text IS NOT NULL"))
    named |= {text["storage_key"] for text in texts if text.get("storage_key")}
    stored = {key.removesuffix(COMPRESSED_SUFFIX) for key in mill.engines.blobs() if key.startswith("blobs/")}
    return len(stored - named)


def _ids(mill: Mill, service: str, query: str) -> list[Any]:
    return [row[0] for row in mill.rows(service, query)]


def _repeated(values: Iterable[Any]) -> list[tuple[Any, int]]:
    return [(value, count) for value, count in Counter(values).items() if count > 1]
