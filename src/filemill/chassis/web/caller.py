"""Who is calling, and whether they may: the one place that decides. Every query takes the owner.

A route takes one of the dependencies below; by default reading needs `files:read`, DELETE `files:delete`, everything else
`files:write`. A route without one is open to everybody, and a test lists those.
"""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from filemill.chassis.clock import now
from filemill.chassis.errors import Forbidden, Unauthenticated
from filemill.chassis.identity.principal import How, Principal, Scope
from filemill.chassis.telemetry import request_context
from filemill.chassis.web.authentication import SCOPE_KEY as AUTHENTICATOR
from filemill.chassis.web.authentication import Authenticator, session_id_in, shown_by
from filemill.chassis.web.rates import HOLD_KEY, CalledTooOften, Rates, name_of
from filemill.chassis.web.rates import SAID_KEY as SAID_RATE
from filemill.chassis.web.rates import SCOPE_KEY as RATES
from filemill.chassis.web.upload_tokens import UploadGrant, UploadTokens, token_in

SCOPE_KEY = "filemill.upload_tokens"
"""Where the edge of a service that takes upload tokens puts what reads them."""
_SCOPES = {"GET": Scope.READ, "HEAD": Scope.READ, "DELETE": Scope.DELETE}


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `address` is where the request came from, as the edge saw it.

    With a `grant` it is a browser with an upload token: it may do no more than that says.
    """

    owner_id: str
    is_admin: bool
    address: str | None
    grant: UploadGrant | None = None
    how: How = "none"
    scopes: frozenset[Scope] = frozenset()
    credential_id: str | None = None
    session_id: str | None = field(default=None, repr=False)


def scope_of(method: str) -> Scope:
    """What a method needs where a route says nothing else."""
    return _SCOPES.get(method, Scope.WRITE)


def uploader_scope_of(method: str) -> Scope:
    """As `scope_of` for what sends files: what is no file yet may be ended by whoever may begin it."""
    return Scope.READ if scope_of(method) is Scope.READ else Scope.WRITE


async def known(request: Request) -> Principal | None:
    """Whoever the request's credentials are good for; None if it shows none. Raises `Unauthenticated`, `Unavailable`.

    A coroutine although it often waits for nothing: FastAPI would run a plain function in a thread, on every request.
    """
    authenticator: Authenticator = request.scope[AUTHENTICATOR]
    return await authenticator.principal(shown_by(request.headers, request.method))


async def visitor_of(request: Request) -> None:
    """Count a call of somebody who shows nothing that is good, by their address. Raises `TooMany`."""
    await _count(request, f"address:{address_of(request)}")


async def _count(request: Request, who: str) -> None:
    rates: Rates = request.scope[RATES]
    try:
        counted = await rates.count(who)
    except CalledTooOften as error:
        request.scope[HOLD_KEY](error)
        raise
    request.scope[SAID_RATE] = counted.headers
    if counted.next_refusal is not None:
        request.scope[HOLD_KEY](counted.next_refusal)


async def _counted(request: Request) -> Principal:
    """The caller of a request, counted: who guesses at credentials is counted by address. Raises `TooMany` besides."""
    try:
        principal = await known(request)
    except Unauthenticated:
        await visitor_of(request)
        raise
    if principal is None:
        await visitor_of(request)
        raise Unauthenticated("This call needs an API key (`Authorization: Bearer fm_…`) or a session.")
    who = name_of(principal)
    if who is not None:
        await _count(request, who)
    return principal


async def caller_with(request: Request, scope: Scope | None) -> Caller:
    """The caller, who has this scope (None: whatever they have). Raises `Unauthenticated`, `Forbidden`, `Unavailable`.

    Upload tokens are refused: what takes them says so (`UploaderDep`).
    """
    if token_in(request.headers) is not None:
        raise Forbidden("An upload token only sends files; this call needs other credentials.")
    principal = await _counted(request)
    if scope is not None and scope not in principal.scopes:
        raise Forbidden(f"These credentials have no scope {scope.value}.")
    request_context.identify(principal.token)
    return Caller(
        principal.owner_id,
        is_admin=principal.is_admin,
        address=address_of(request),
        how=principal.how,
        scopes=principal.scopes,
        credential_id=principal.credential_id,
        session_id=session_id_in(request.headers) if principal.how == "session" else None,
    )


async def caller_of(request: Request) -> Caller:
    """The caller of a request, who may do what its method says."""
    return await caller_with(request, scope_of(request.method))


async def somebody(request: Request) -> Caller:
    """As `caller_of`, for what any good credentials may: ask who one is, log out."""
    return await caller_with(request, None)


async def reader_of(request: Request) -> Caller:
    """As `caller_of`, for a question that comes as a POST since it has a body."""
    return await caller_with(request, Scope.READ)


async def writer_of(request: Request) -> Caller:
    """As `caller_of`, for a DELETE that deletes no file."""
    return await caller_with(request, Scope.WRITE)


async def writer_or_admin_of(request: Request) -> Caller:
    """As `writer_of`, and an admin may who has no right to files."""
    return await _with_or_admin(request, Scope.WRITE)


async def reader_or_admin_of(request: Request) -> Caller:
    """As `reader_of`, and an admin may who has no right to files."""
    return await _with_or_admin(request, Scope.READ)


async def _with_or_admin(request: Request, scope: Scope) -> Caller:
    caller = await caller_with(request, None)
    if not caller.scopes & {scope, Scope.ADMIN}:
        raise Forbidden(f"These credentials have neither scope {scope.value} nor {Scope.ADMIN.value}.")
    return caller


async def deleter_of(request: Request) -> Caller:
    """As `caller_of`, for what leads to files being deleted, though it is no DELETE."""
    return await caller_with(request, Scope.DELETE)


async def admin_of(request: Request) -> Caller:
    """As `caller_of`, for what operates the installation."""
    return await caller_with(request, Scope.ADMIN)


async def service_of(request: Request) -> Caller:
    """As `caller_of`, for what only our own processes ask."""
    return await caller_with(request, Scope.SERVICE)


async def uploader_of(request: Request) -> Caller:
    """As `caller_of`, and a browser may come with an upload token. Raises `TokenExpired` besides."""
    token = token_in(request.headers)
    if token is None:
        return await caller_with(request, uploader_scope_of(request.method))
    tokens: UploadTokens = request.scope[SCOPE_KEY]
    try:
        grant = tokens.read(token, now())
    except Unauthenticated:
        await visitor_of(request)
        raise
    await _count(request, f"upload-token:{grant.token_id}")
    return Caller(grant.owner_id, is_admin=False, address=address_of(request), grant=grant)


def address_of(request: Request) -> str | None:
    """Where the request came from, as the edge saw it (`proxies`)."""
    return request.client.host if request.client else None


CallerDep = Annotated[Caller, Depends(caller_of)]
SomebodyDep = Annotated[Caller, Depends(somebody)]
ReaderDep = Annotated[Caller, Depends(reader_of)]
WriterDep = Annotated[Caller, Depends(writer_of)]
ReaderOrAdminDep = Annotated[Caller, Depends(reader_or_admin_of)]
WriterOrAdminDep = Annotated[Caller, Depends(writer_or_admin_of)]
DeleterDep = Annotated[Caller, Depends(deleter_of)]
AdminDep = Annotated[Caller, Depends(admin_of)]
ServiceDep = Annotated[Caller, Depends(service_of)]
VisitorDep = Depends(visitor_of)
"""For a route that anybody may call."""
UploaderDep = Annotated[Caller, Depends(uploader_of)]
