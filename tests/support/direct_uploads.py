"""Clients that send files straight to the store, and behave: after any failure they ask what became of it and go on."""

import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.uploads import Clients, Upload


@dataclass(slots=True)
class DirectClients(Clients):
    """See `Clients`; the key of an upload is its `external_id`, by which the audit knows it again."""

    begun: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _go_on(self, client: httpx.Client, upload: Upload) -> str | None:
        """Until the file is there (its id), or something fails (None)."""
        said = self.begun.get(upload.key)
        if said is None:
            asked = {
                "filename": upload.filename, "size": len(upload.body), "external_id": upload.key,
                "sha256": upload.sha256 if random.random() < 0.5 else None,
            }  # fmt: skip
            answer = client.post(f"{next(self._turns)}/api/upload/uploads", json=asked)
            if not self._fine(answer):
                return None
            said = self.begun[upload.key] = answer.json()
        state = client.get(next(self._turns) + said["links"]["self"])
        if not self._fine(state):
            return None
        if state.json()["state"] == "open":
            for part in said["parts"]:
                data = upload.body[part["offset"] : part["offset"] + part["size"]]
                if not self._fine(client.put(part["url"], content=data, headers=part["headers"])):
                    return None
            # Gone means that an earlier try got further than it was told.
        answer = client.post(next(self._turns) + said["links"]["complete"])
        if not self._fine(answer) or answer.status_code == 202:
            return None
        file = answer.json()
        assert file["sha256"] == hashlib.sha256(upload.body).hexdigest()
        return str(file["file_id"])
