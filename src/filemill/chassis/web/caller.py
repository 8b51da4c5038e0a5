"""Who is calling. In local mode there is one user; every query still takes the owner, so adding users changes no query."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from filemill.chassis.clock import now
from filemill.chassis.errors import Forbidden
from filemill.chassis.web.upload_tokens import UploadGrant, UploadTokens, token_in
from filemill.contracts.ids import LOCAL_OWNER

SCOPE_KEY = "filemill.upload_tokens"
"""Where the edge of a service that takes upload tokens puts what reads them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `address` is where the request came from, as the edge saw it.

    With a `grant` it is a browser with an upload token: it may do no more than that says.
    """

    owner_id: str
    is_admin: bool
    address: str | None
    grant: UploadGrant | None = None


async def caller_of(request: Request) -> Caller:
    """The caller of a request. With `FILEMILL_AUTH=none` that is the local user, who may everything.

    Upload tokens are refused (`Forbidden`): what takes them says so (`UploaderDep`).
    A coroutine although it waits for nothing: FastAPI would run a plain function in a thread, on every request.
    """
    if token_in(request.headers) is not None:
        raise Forbidden("An upload token only sends files; this call needs other credentials.")
    return Caller(LOCAL_OWNER, is_admin=True, address=_address(request))


async def uploader_of(request: Request) -> Caller:
    """As `caller_of`, and a browser may come with an upload token. Raises `Unauthenticated`, `TokenExpired`."""
    token = token_in(request.headers)
    if token is None:
        return await caller_of(request)
    tokens: UploadTokens = request.scope[SCOPE_KEY]
    grant = tokens.read(token, now())
    return Caller(grant.owner_id, is_admin=False, address=_address(request), grant=grant)


def _address(request: Request) -> str | None:
    return request.headers.get("x-forwarded-for") or (request.client.host if request.client else None)


CallerDep = Annotated[Caller, Depends(caller_of)]
UploaderDep = Annotated[Caller, Depends(uploader_of)]
