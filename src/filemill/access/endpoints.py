"""The HTTP face of the access service: who am I, the edge's question who is this, tokens for browsers."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from filemill.access.settings import AccessSettings
from filemill.chassis.clock import now
from filemill.chassis.ids import new_id
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.origin import origin_of
from filemill.chassis.web.upload_tokens import UploadGrant, UploadTokens
from filemill.contracts.access import NewUploadToken, Session, UploadToken


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    settings: AccessSettings
    tokens: UploadTokens

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["access"])
        add = router.add_api_route
        add("/session", self.session, methods=["GET"], response_model=Session, summary="Who is calling")
        add("/verify", self.verify, methods=["GET"], status_code=204, summary="For the edge: may this caller pass")
        add("/upload-tokens", self.new_upload_token, methods=["POST"], status_code=201, response_model=UploadToken,
            summary="Let a browser send files for you, for a short while")  # fmt: skip
        return router

    async def session(self, caller: CallerDep) -> Session:
        """With `FILEMILL_AUTH=none` everybody on this machine is the local user."""
        return Session(owner_id=caller.owner_id, auth="none", is_admin=caller.is_admin)

    async def verify(self, _caller: CallerDep) -> Response:
        """204 if the credentials of the request are good."""
        return Response(status_code=204)

    async def new_upload_token(self, asked: NewUploadToken, request: Request, caller: CallerDep) -> UploadToken:
        """For the server of an app, which hands the token to one of its pages.

        It cannot be taken back, so give it the time that an upload takes to begin, not more: one that has begun goes on with
        the next token.
        """
        expires_at = (now() + timedelta(seconds=asked.expires_in_s)).replace(microsecond=0)
        grant = UploadGrant(new_id(), caller.owner_id, expires_at, asked.files, asked.max_bytes, tuple(asked.types))
        upload = origin_of(request, self.settings, "upload")
        return UploadToken(
            token=self.tokens.write(grant),
            token_id=grant.token_id,
            expires_at=expires_at,
            files=asked.files,
            max_bytes=asked.max_bytes,
            types=asked.types,
            links={"files": f"{upload}/files", "tus": f"{upload}/tus/"},
        )
