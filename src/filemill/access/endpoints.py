"""The HTTP face of the access service: who am I, and the edge's question who is this."""

from fastapi import APIRouter, Response

from filemill.chassis.web.caller import CallerDep
from filemill.contracts.access import Session


def build_router() -> APIRouter:
    """Every route of this service."""
    router = APIRouter(tags=["access"])

    @router.get("/session", response_model=Session, summary="Who is calling")
    async def session(caller: CallerDep) -> Session:
        """With `FILEMILL_AUTH=none` everybody on this machine is the local user."""
        return Session(owner_id=caller.owner_id, auth="none", is_admin=caller.is_admin)

    @router.get("/verify", status_code=204, summary="For the edge: may this caller pass")
    async def verify(_caller: CallerDep) -> Response:
        """204 if the credentials of the request are good."""
        return Response(status_code=204)

    return router
