"""Who is calling. In local mode there is one user; every query still takes the owner, so adding users changes no query."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from filemill.contracts.ids import LOCAL_OWNER


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `address` is where the request came from, as the edge saw it."""

    owner_id: str
    is_admin: bool
    address: str | None


async def caller_of(request: Request) -> Caller:
    """The caller of a request. With `FILEMILL_AUTH=none` that is the local user, who may everything.

    A coroutine although it waits for nothing: FastAPI would run a plain function in a thread, on every request.
    """
    forwarded = request.headers.get("x-forwarded-for")
    address = forwarded or (request.client.host if request.client else None)
    return Caller(LOCAL_OWNER, is_admin=True, address=address)


CallerDep = Annotated[Caller, Depends(caller_of)]
