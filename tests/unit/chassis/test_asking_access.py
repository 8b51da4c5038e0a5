"""A service that asks `access`: what it asks before its first caller comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.identity.principal import FILES, Principal
from filemill.chassis.identity.tokens import HEADER, IdentitySigner
from filemill.chassis.web.asking_access import AskingAccess
from filemill.chassis.web.authentication import Shown
from support.servers.ports import free_ports
from support.web_server import serving

SIGNER = IdentitySigner([b"k" * 32])


class Access:
    """Says that everybody is ann; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked.append(scope["path"])
        if scope["path"] == "/identity-keys":
            answer: Response = JSONResponse({"keys": SIGNER.public_keys()})
        else:
            answer = Response(status_code=204, headers={HEADER: SIGNER.write(Principal("ann", FILES, "key", "key-1"))})
        await answer(scope, receive, send)


@pytest.fixture
def access(tmp_path: Path) -> Iterator[tuple[Access, str]]:
    app = Access()

    async def build() -> ASGIApp:
        return app

    with serving(build, HttpToolsProtocol, tmp_path) as running:
        yield app, f"http://127.0.0.1:{running.port}"


async def test_first_caller_when_the_service_has_prepared_then_costs_one_question(access: tuple[Access, str]) -> None:
    """The keys are there already: a new instance under load must not keep its first callers waiting for two answers."""
    app, url = access
    asking = AskingAccess(url)
    await asking.prepare()
    assert app.asked == ["/identity-keys"]
    principal = await asking.principal(Shown(bearer="fm_key"))
    assert principal is not None
    assert principal.owner_id == "ann"
    assert app.asked == ["/identity-keys", "/verify"]
    await asking.close()


async def test_prepare_when_access_is_away_then_the_service_starts_all_the_same() -> None:
    """Its first caller asks again."""
    asking = AskingAccess(f"http://127.0.0.1:{free_ports(1)[0]}")
    await asking.prepare()
    await asking.close()
