"""The edge of a service where nobody is asked for credentials: pages of other sites are kept out."""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from filemill.chassis.web.edge import Edge

HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers everything."""
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture
def edge() -> Edge:
    """An edge that answers to the names of this machine."""
    made = Edge(hello)
    made.trust(HOSTS)
    return made


async def ask(edge: Edge, method: str, **headers: str) -> httpx.Response:
    """One request through the edge."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://localhost") as client:
        return await client.request(method, "/files", headers=sent)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
async def test_request_when_it_names_this_machine_then_it_is_answered(edge: Edge, host: str) -> None:
    """Port and case do not matter."""
    assert (await ask(edge, "GET", host=host)).status_code == 200


async def test_request_when_a_foreign_name_points_here_then_421(edge: Edge) -> None:
    """DNS rebinding: the browser believes the page and we are one site, the Host header says otherwise."""
    answer = await ask(edge, "GET", host="evil.example:8000")
    assert answer.status_code == 421
    assert answer.json()["code"] == "bad-request"


async def test_post_when_a_page_of_another_site_sends_it_then_403(edge: Edge) -> None:
    """A form needs no permission to post across sites; browsers say so in Fetch Metadata."""
    assert (await ask(edge, "POST", sec_fetch_site="cross-site")).status_code == 403
    assert (await ask(edge, "POST", sec_fetch_site="same-origin")).status_code == 200
    assert (await ask(edge, "GET", sec_fetch_site="cross-site")).status_code == 200


async def test_request_when_its_origin_is_listed_then_a_page_of_that_site_may_call_and_read(edge: Edge) -> None:
    """Also what was refused: the page shows why."""
    edge.trust(HOSTS, frozenset({"https://app.example"}))
    mine = {"origin": "https://app.example", "sec_fetch_site": "cross-site"}
    answer = await ask(edge, "PATCH", **mine)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert {"Upload-Offset", "Location"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    refused = await ask(edge, "GET", host="evil.example", **mine)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (421, "https://app.example")


async def test_preflight_when_its_origin_is_listed_then_tus_headers_are_allowed_and_else_refused(edge: Edge) -> None:
    """What a browser asks before a tus client may send its first PATCH."""
    edge.trust(HOSTS, frozenset({"https://app.example"}))
    asked = {"access_control_request_method": "PATCH", "access_control_request_headers": "tus-resumable,upload-offset"}
    allowed = await ask(edge, "OPTIONS", origin="https://app.example", **asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert "PATCH" in allowed.headers["access-control-allow-methods"]
    refused = await ask(edge, "OPTIONS", origin="https://evil.example", **asked)
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    changed = await ask(edge, "POST", origin="https://evil.example", sec_fetch_site="cross-site")
    assert changed.status_code == 403
