"""A visitor during a crash run: reads, edits, deletes, restores, asks, retries, on files of its own. Answers may fail.

Now and then an owner nobody else has heard of is erased: that goes through every service, and takes none of the files that
the audit counts. (An owner who has files: `test_crash_owner_erasure`.)
"""

import itertools
import threading
import time

import httpx

from support.mill import Mill
from support.uploads import AGAIN_STATUSES, Clients

_FINE = AGAIN_STATUSES | {200, 201, 202, 204, 400, 404, 507}
TOGETHER = 5
"""Files of so many rounds bear one tag, and are changed at once by it."""
ERASED_EVERY = 4
RETRIED_AFTER = 2
"""Rounds until somebody gives what failed another try."""
TRIES, PAUSE_S = 20, 0.1
SERVER_ERROR = 500


def visit(mill: Mill, _clients: Clients, done: threading.Event, *, first: int = 0) -> None:
    """Go on until `done`; each round uses files of its own, so that the audit can count the others' effects.

    `first`: the number of the first round; of several visitors each has numbers of its own.
    """
    with httpx.Client(base_url=mill.url, timeout=20.0, transport=_Insisting()) as client:
        broken: list[str] = []
        for number in itertools.count(first):
            if done.is_set():
                return
            try:
                _round(client, number, broken)
            except httpx.TransportError:
                continue  # somebody was killed: a visitor comes again


class _Insisting(httpx.HTTPTransport):
    """Asks again, as people do: else a round would seldom come to its end where many are killed."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(TRIES - 1):
            try:
                answer = super().handle_request(request)
            except httpx.TransportError:
                pass
            else:
                if answer.status_code < SERVER_ERROR:
                    return answer
                answer.close()
            time.sleep(PAUSE_S)
        return super().handle_request(request)


def _round(client: httpx.Client, number: int, earlier_broken: list[str]) -> None:
    """One round. `earlier_broken`: files whose jobs will have failed by now, if they were not asked for again yet."""
    # First what is asked seldom: where many are killed a round seldom comes to its end.
    if number % ERASED_EVERY == 1:
        _expect(client.post("/api/access/erasures", json={"owner_id": f"guest-{number}"}))
    earlier = {"tag": _tag(max(0, number - 1))}
    _expect(client.patch("/api/metadata/files", params=earlier, json={"custom": {"round": number}}))
    key = {"Idempotency-Key": f"visit-{number}"}
    text = {"file": (f"visit-{number}.txt", f"A visitor's text number {number} from Oslo. ".encode() * 9)}
    answer = _expect(client.post("/api/upload/files", files=text, headers=key))
    _expect(client.post("/api/upload/files", files=text, headers=key))  # the same again: the second body is dropped
    empty = {"file": ("empty.txt", b"")}
    _expect(client.post("/api/upload/files", files=empty, headers={"Idempotency-Key": f"empty-{number}"}))
    if answer.status_code == 201:
        _use(client, answer.json()["file_id"], number)
    broken = {"file": (f"broken-visit-{number}.pdf", b"%PDF-1.7\nnothing " + str(number).encode())}
    answer = _expect(client.post("/api/upload/files", files=broken, headers={"Idempotency-Key": f"broken-{number}"}))
    if answer.status_code == 201:
        earlier_broken.append(answer.json()["file_id"])
    if len(earlier_broken) > RETRIED_AFTER:
        _retry(client, earlier_broken.pop(0))


def _use(client: httpx.Client, file_id: str, number: int) -> None:
    _expect(client.get(f"/api/upload/files/{file_id}/content"))
    changed = {"title": f"visited {number}", "tags": ["visited", _tag(number)]}
    _expect(client.patch(f"/api/metadata/files/{file_id}", json=changed))
    _expect(client.post(f"/api/ai/analyze/{file_id}", json={"capabilities": ["language"]}))
    again = {"Idempotency-Key": f"version-{number}"}
    text = f"A visitor's other text number {number} from Bergen. ".encode() * 9
    _expect(client.put(f"/api/upload/files/{file_id}/content", content=text, headers=again))
    _expect(client.get(f"/api/upload/files/{file_id}/content?version=1"))
    if number % 3 == 2:
        _expect(client.delete(f"/api/upload/files/{file_id}?purge=true"))
        return
    _expect(client.delete(f"/api/upload/files/{file_id}"))
    if number % 3:
        _expect(client.post(f"/api/upload/files/{file_id}/restore"))


def _tag(number: int) -> str:
    return f"rounds-{number // TOGETHER}"


def _retry(client: httpx.Client, file_id: str) -> None:
    jobs = _expect(client.get("/api/processing/jobs", params={"file_id": file_id}))
    for job in jobs.json().get("items", []):
        _expect(client.post(f"/api/processing/jobs/{job['job_id']}/retry"))
    wanted = {"filter": {"file_id": file_id}, "dry_run": False}
    _expect(client.post("/api/processing/jobs/retry", json=wanted))


def _expect(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code in _FINE, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer
