"""Where a request came from: the word of our edges, never that of whoever calls a service's own port."""

import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.web.caller import address_of
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.proxies import TrustedProxies

DEFAULT = ServiceSettings.model_fields["trusted_proxies"].default


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that says where its caller is."""
    await JSONResponse(address_of(Request(scope)))(scope, receive, send)


async def seen(trusted: str, peer: str, said: str | None) -> str | None:
    """What a service believes of a call of `peer` that says this in `X-Forwarded-For`."""
    edge = Edge(tell)
    edge.believe(TrustedProxies(trusted))
    transport = httpx.ASGITransport(edge, client=(peer, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        headers = {} if said is None else {"X-Forwarded-For": said}
        found: str | None = json.loads((await client.get("/", headers=headers)).content)
        return found


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "address"),
    [
        (DEFAULT, "127.0.0.1", "198.51.100.7", "198.51.100.7"),
        (DEFAULT, "::1", "2001:db8::7", "2001:db8::7"),
        (DEFAULT, "::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        (DEFAULT, "127.0.0.1", None, "127.0.0.1"),
        (DEFAULT, "127.0.0.1", "", "127.0.0.1"),
        (DEFAULT, "127.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (DEFAULT, "203.0.113.9", "198.51.100.7", "203.0.113.9"),
        (DEFAULT, "10.88.0.5", "198.51.100.7", "10.88.0.5"),
        ("10.0.0.0/8", "10.88.0.5", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.0/8", "127.0.0.1", "198.51.100.7", "127.0.0.1"),
        ("10.0.0.0/8", "nonsense", "198.51.100.7", "nonsense"),
        ("", "127.0.0.1", "198.51.100.7", "127.0.0.1"),
    ],
)
async def test_address_when_a_header_says_another_then_only_a_trusted_proxy_is_believed(
    trusted: str, peer: str, said: str | None, address: str
) -> None:
    """And of what that one passes on, only what it has seen itself."""
    assert await seen(trusted, peer, said) == address


def test_address_when_the_edge_comes_over_a_unix_socket_then_it_is_believed() -> None:
    """Only programs that may open the folder of sockets come that way."""
    assert TrustedProxies("").client(None, {b"x-forwarded-for": b"198.51.100.7"}) == ("198.51.100.7", 0)
    assert TrustedProxies("").client(None, {}) is None


def test_address_when_a_proxy_passes_on_a_long_text_then_it_is_cut() -> None:
    """It becomes a key of the limits and a field of the audit trail."""
    found = TrustedProxies(DEFAULT).client(("127.0.0.1", 1), {b"x-forwarded-for": b"x" * 9000})
    assert found == ("x" * 64, 0)


def test_start_when_the_list_has_no_networks_then_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the form that is right."""
    monkeypatch.setenv("FILEMILL_TRUSTED_PROXIES", "10.0.0.1/8")
    with pytest.raises(StartError, match="FILEMILL_TRUSTED_PROXIES lists addresses and networks as"):
        load(ServiceSettings)
