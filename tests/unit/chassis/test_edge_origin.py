"""The edge of a service where nobody is asked for credentials: pages of other sites are kept out."""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from filemill.chassis.web.edge import Edge


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers everything."""
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture
def edge() -> Edge:
    """An edge that answers to the names of this machine."""
    made = Edge(hello)
    made.allowed_hosts = frozenset({"localhost", "127.0.0.1", "[::1]"})
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
