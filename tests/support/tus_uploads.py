"""Clients that upload by tus in several requests, and behave: after any failure they ask how far it is and go on from there."""

import base64
import hashlib
import random
from dataclasses import dataclass, field

import httpx

from support.uploads import Clients, Upload

_TUS = {"Tus-Resumable": "1.0.0"}
_CHUNK = _TUS | {"Content-Type": "application/offset+octet-stream"}


@dataclass(slots=True)
class TusClients(Clients):
    """See `Clients`; the key of an upload is its `external_id`, by which the audit knows it again."""

    places: dict[str, str] = field(default_factory=dict)

    def _go_on(self, client: httpx.Client, upload: Upload) -> str | None:
        """Until the file is there (its id), or something fails (None)."""
        place = self.places.get(upload.key)
        if place is None:
            if random.random() < 0.2 and not self._change_mind(client, upload):
                return None
            place = self._begin(client, upload)
            if place is None:
                return None
            self.places[upload.key] = place
        answer = client.head(next(self._turns) + place, headers=_TUS)
        while self._fine(answer):
            if link := answer.headers.get("filemill-file"):
                assert answer.headers["upload-offset"] == str(len(upload.body))
                return str(link.rpartition("/")[2])
            at = int(answer.headers["upload-offset"])
            assert at < len(upload.body), "a whole upload without a file was told"
            part = upload.body[at : at + random.choice((1, 1000, len(upload.body) // 2 + 1, len(upload.body)))]
            headers = _CHUNK | {"Upload-Offset": str(at)}
            if random.random() < 0.3:
                headers["Upload-Checksum"] = "sha256 " + base64.b64encode(hashlib.sha256(part).digest()).decode()
            answer = client.patch(next(self._turns) + place, content=part, headers=headers)
        return None

    def _begin(self, client: httpx.Client, upload: Upload) -> str | None:
        pairs = {"filename": upload.filename, "external_id": upload.key}
        told = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
        headers = _TUS | {"Upload-Length": str(len(upload.body)), "Upload-Metadata": told}
        answer = client.post(f"{next(self._turns)}/api/upload/tus/", headers=headers)
        return str(answer.headers["location"]) if self._fine(answer) else None

    def _change_mind(self, client: httpx.Client, upload: Upload) -> bool:
        """Begin an upload and end it again; whether that went well."""
        place = self._begin(client, upload)
        if place is None:
            return False
        headers = _CHUNK | {"Upload-Offset": "0"}
        if not self._fine(client.patch(next(self._turns) + place, content=upload.body[:-1], headers=headers)):
            return False
        answer = client.delete(next(self._turns) + place, headers=_TUS)
        return answer.status_code == 404 or self._fine(answer)
