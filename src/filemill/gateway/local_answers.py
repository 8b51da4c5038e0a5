"""What the edge answers itself: its health and probes, the web page, and "there is nothing here".

Not for: `/api/...` (`routes`). `/metrics` is never here: it is for the operator's network, not for the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filemill.gateway import answers
from filemill.gateway.heads import RequestHead
from filemill.gateway.records import Record
from filemill.gateway.targets import Target

if TYPE_CHECKING:
    from filemill.gateway.client import ClientConnection

READ_METHODS = frozenset({b"GET", b"HEAD"})


def answer(client: ClientConnection, head: RequestHead, target: Target, record: Record) -> None:
    """Answer a request that no route takes."""
    page_file = client.edge.page.find(target.path)
    if page_file is None and target.path not in ("/health", "/livez", "/readyz"):
        return client.answer_problem(answers.not_found(), head, record)
    if head.method not in READ_METHODS:
        problem = answers.bad_request("This address can only be read (GET or HEAD).", 405, {"Allow": "GET, HEAD"})
        return client.answer_problem(problem, head, record)
    if page_file is not None:
        return client.answer(page_file.answer(head.values(b"if-none-match")), head, record)
    if target.path == "/health":
        client.wait()
        client.edge.spawn(_health(client, head, record))
        return None
    ready = target.path == "/livez" or not client.edge.stopping
    body = {"status": "ok" if ready else "stopping", "service": "gateway"}
    return client.answer(answers.json_answer(200 if ready else 503, body), head, record)


async def _health(client: ClientConnection, head: RequestHead, record: Record) -> None:
    status, body = await client.edge.health.ask()
    headers = {"Retry-After": "1"} if status == 503 else None
    client.answer(answers.json_answer(status, body, headers), head, record)
