"""Clients that give each of their files new content again and again, and behave: the same key until it is answered.

Their files are not those of the usual audit, which wants every effect once a file; `check` wants it once a version.
"""

import hashlib
from dataclasses import dataclass, field, replace

import httpx

from support.mill import Mill
from support.uploads import AGAIN_STATUSES, Clients, Upload

VERSIONS = 6


@dataclass(slots=True)
class VersionClients(Clients):
    """See `Clients`. `made`: of each file the SHA-256 of what was acknowledged, oldest first."""

    made: dict[str, list[str]] = field(default_factory=dict)

    def _send(self, client: httpx.Client, upload: Upload) -> None:
        Clients._send(self, client, upload)
        file_id = self.acknowledged.pop(upload.key, None)
        if file_id is None:
            return
        self.made[file_id] = [upload.sha256]
        for number in range(2, VERSIONS + 1):
            body = upload.body + f"Version {number}.".encode()
            version = replace(upload, key=f"{file_id}/{number}", body=body)
            Clients._send(self, client, version)
            if self.acknowledged.pop(version.key, None) is None:
                return
            self.made[file_id].append(version.sha256)

    def _go_on(self, client: httpx.Client, upload: Upload) -> str | None:
        file_id, slash, _ = upload.key.partition("/")
        if not slash:
            return Clients._go_on(self, client, upload)
        answer = client.put(
            f"{next(self._turns)}/api/upload/files/{file_id}/content",
            content=upload.body,
            headers={"Idempotency-Key": upload.key},
        )
        if answer.status_code == 201:
            assert answer.json()["sha256"] == upload.sha256, "the answer is about other bytes"
            return file_id
        assert answer.status_code in AGAIN_STATUSES, f"{answer.status_code}: {answer.text}"
        return None


def check(mill: Mill, clients: Clients) -> list[str]:
    """What is wrong: versions lost, doubled, short or out of order, stale copies, effects that are not one a version."""
    assert isinstance(clients, VersionClients)
    wrong = []
    entries = "SELECT file_id, count(*) FROM audit WHERE action = 'uploaded' GROUP BY file_id"
    uploaded = dict(mill.rows("metadata", entries))
    jobs = dict(mill.rows("processing", "SELECT file_id, count(*) FROM jobs GROUP BY file_id"))
    documents = {row[0]: row[1:] for row in mill.rows("metadata", "SELECT file_id, version, status FROM documents")}
    with mill.client() as client:
        for file_id, hashes in clients.made.items():
            kept = mill.rows(
                "upload", "SELECT version, sha256 FROM versions WHERE file_id = ? ORDER BY version", file_id
            )
            if kept != list(enumerate(hashes, 1)):
                wrong.append(f"versions: {file_id} has {len(kept)}, acknowledged were {len(hashes)}, or they differ")
            for number, sha256 in enumerate(hashes, 1):
                body = client.get(f"/api/upload/files/{file_id}/content?version={number}").content
                if hashlib.sha256(body).hexdigest() != sha256:
                    wrong.append(f"bytes: version {number} of {file_id} is not what was sent")
            count = len(hashes)
            if documents.get(file_id, (0, ""))[0] != count or documents[file_id][1] not in ("processed", "failed"):
                wrong.append(f"stale: {file_id} is {documents.get(file_id)} at metadata, of {count} versions")
            if uploaded.get(file_id) != count:
                wrong.append(f"{uploaded.get(file_id)} audit entries of {count} versions: {file_id}")
            if not 1 <= jobs.get(file_id, 0) <= count:
                wrong.append(f"{jobs.get(file_id)} jobs of {count} versions: {file_id}")
    return wrong
