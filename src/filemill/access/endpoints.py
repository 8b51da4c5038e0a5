"""The HTTP face of the access service: who am I, log in and out, keys, the edge's question who is this, tokens for browsers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from filemill.access.cookies import give_session
from filemill.access.keys import KeyRing, Wanted
from filemill.access.logins import Logins, Visitor, csrf_token_of
from filemill.access.settings import AccessSettings
from filemill.access.signing_in import COOKIE as LOGIN_COOKIE
from filemill.access.signing_in import SigningIn
from filemill.access.verifying import Verifier, of_identity
from filemill.chassis.clock import now
from filemill.chassis.errors import Forbidden, Unauthenticated
from filemill.chassis.identity.principal import Principal, Scope
from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.ids import new_id
from filemill.chassis.web import pagination
from filemill.chassis.web.authentication import COOKIE, METHOD_HEADER, Shown, session_id_in, shown_by
from filemill.chassis.web.caller import (
    AdminDep,
    Caller,
    CallerDep,
    ReaderOrAdminDep,
    SomebodyDep,
    VisitorDep,
    WriterDep,
    WriterOrAdminDep,
    address_of,
    known,
)
from filemill.chassis.web.direct import ExactRoute, nobody
from filemill.chassis.web.origin import origin_of
from filemill.chassis.web.pagination import LIMIT_DEFAULT, LimitQuery
from filemill.chassis.web.upload_tokens import UploadGrant, UploadTokens
from filemill.contracts.access import (
    CreatedKey,
    IdentityKeys,
    Keys,
    NewKey,
    NewSession,
    NewUploadToken,
    OwnerId,
    Session,
    UploadToken,
)
from filemill.contracts.access import (
    Logins as LoginList,
)
from filemill.contracts.ids import Id


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need. `verifier` is None where nobody is asked for credentials; `signing_in`: by an issuer."""

    settings: AccessSettings
    tokens: UploadTokens
    keys: KeyRing
    logins: Logins
    verifier: Verifier | None
    signing_in: SigningIn | None

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["access"])
        add = router.add_api_route
        add("/session", self.session, methods=["GET"], response_model=Session, summary="Who is calling")
        add("/session", self.log_in, methods=["POST"], status_code=201, response_model=Session, dependencies=[VisitorDep],
            summary="Exchange a key, or an issuer's code, for a session: its id comes as a cookie")  # fmt: skip
        add("/session", self.log_out, methods=["DELETE"], status_code=204, summary="End this session")
        add("/logins", self.list_logins, methods=["GET"], response_model=LoginList, summary="Where you are logged in")
        add(
            "/logins/{login_id}", self.end_login, methods=["DELETE"], status_code=204, summary="End a session elsewhere"
        )
        add("/keys", self.list_keys, methods=["GET"], response_model=Keys, summary="API keys, newest first")
        add(
            "/keys",
            self.new_key,
            methods=["POST"],
            status_code=201,
            response_model=CreatedKey,
            summary="Make an API key",
        )
        add("/keys/{key_id}", self.revoke_key, methods=["DELETE"], status_code=204,
            summary="Revoke an API key, everywhere within a second")  # fmt: skip
        add("/verify", self.verify, methods=["GET"], status_code=204, summary="For the edge: who is this")
        add("/identity-keys", self.identity_keys, methods=["GET"], response_model=IdentityKeys,
            summary="For services: by which keys the word of access is known")  # fmt: skip
        add("/upload-tokens", self.new_upload_token, methods=["POST"], status_code=201, response_model=UploadToken,
            summary="Let a browser send files for you, for a short while")  # fmt: skip
        return router

    def direct(self) -> list[ExactRoute]:
        """What an edge asks for each of its requests."""
        return [ExactRoute("GET", "/verify", lambda request, _nobody: self.verify(request), nobody)]

    async def session(self, caller: SomebodyDep) -> Session:
        """With `FILEMILL_AUTH=none` everybody on this machine is the local user. A session is told its CSRF token."""
        if caller.session_id is None:
            return _session(caller)
        kept = await self.logins.sessions.get(caller.session_id)
        if kept is None:
            raise Unauthenticated("The session is over; log in again.")
        more = {"files_uploaded": kept.files_uploaded, "created_at": kept.created_at}
        return _session(caller).model_copy(update={"csrf_token": csrf_token_of(caller.session_id), **more})

    async def log_in(self, request: Request, response: Response, asked: NewSession | None = None) -> Session:
        """With the key as `Authorization: Bearer fm_…` or in the body; or with the `code` and `state` that an issuer gave to a
        page of yours, in the browser that began at `/session/login`. The cookie is `HttpOnly`, `SameSite=Lax` and, but on plain
        HTTP of this machine, `Secure`; the answer tells the CSRF token. An old session of the browser ends.
        """
        if self.verifier is None:
            return _session(await self._local(request))
        principal = await self._whoever_logs_in(request, self.verifier, asked or NewSession())
        visitor = Visitor(address_of(request), request.headers.get("user-agent"))
        session_id = await self.logins.begin(principal, visitor, session_id_in(request.headers))
        give_session(response, request, self.settings, session_id)
        response.delete_cookie(LOGIN_COOKIE, path="/", httponly=True, samesite="lax")
        return _session(principal).model_copy(update={"auth": "session", "csrf_token": csrf_token_of(session_id)})

    async def _whoever_logs_in(self, request: Request, verifier: Verifier, asked: NewSession) -> Principal:
        if asked.code is not None:
            if self.signing_in is None:
                raise Unauthenticated("This installation knows no issuer to log in at.")
            kept = request.cookies.get(LOGIN_COOKIE)
            identity, _ = await self.signing_in.end(kept, asked.code, asked.state, asked.iss)
            return of_identity(identity)
        key = asked.key or shown_by(request.headers, request.method).bearer
        principal = await verifier.principal(Shown(bearer=key)) if key else None
        if principal is None:
            raise Unauthenticated("Send the API key to log in with.")
        if principal.how == "service":
            raise Forbidden("A service does not log in.")
        return principal

    async def log_out(self, request: Request, response: Response, _caller: SomebodyDep) -> None:
        """Other sessions and the key stay. Nothing happens where there is no session."""
        session_id = shown_by(request.headers, request.method).session_id
        if session_id is not None and self.verifier is not None:
            await self.logins.end(session_id)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")

    async def list_logins(self, caller: SomebodyDep) -> LoginList:
        """The hundred newest that are not over."""
        current = caller.credential_id if caller.how == "session" else None
        return LoginList(items=await self.logins.of(caller.owner_id, current))

    async def end_login(self, login_id: Id, caller: WriterDep) -> None:
        """It ends within a second."""
        await self.logins.revoke(login_id, caller.owner_id)

    async def list_keys(
        self,
        caller: ReaderOrAdminDep,
        owner: Annotated[
            OwnerId | None, Query(description="For admins: of whom; `*` is not needed, unset is all.")
        ] = None,
        limit: LimitQuery = LIMIT_DEFAULT,
        cursor: pagination.CursorQuery = None,
    ) -> Keys:
        """An owner sees their own; an admin sees all. Revoked and expired ones stay in the list."""
        position = pagination.decode(cursor, str)
        whose = owner if caller.is_admin else caller.owner_id
        found = await self.keys.page(whose, str(position[0]) if position else None, limit + 1)
        more = pagination.encode(found[limit - 1].key_id) if len(found) > limit else None
        return Keys(items=list(found[:limit]), next_cursor=more)

    async def new_key(self, asked: NewKey, caller: AdminDep) -> CreatedKey:
        """For admins: who can make keys outlives the revocation of one. The first comes from `filemill keys create`."""
        wanted = Wanted(
            asked.owner_id or caller.owner_id,
            frozenset(Scope(one) for one in asked.scopes),
            asked.name,
            asked.expires_in_s,
        )
        return await self.keys.create(wanted)

    async def revoke_key(self, key_id: Id, caller: WriterOrAdminDep) -> None:
        """Your own, or as an admin any. What was logged in with it ends, too."""
        await self.keys.revoke(key_id, None if caller.is_admin else caller.owner_id)

    async def verify(self, request: Request) -> Response:
        """204, with the identity in a header if credentials were shown; 401 if they are not good. `X-Original-Method` says
        what they are to be used for: a session's CSRF token is asked for where something changes.
        """
        method = request.headers.get(METHOD_HEADER, "POST").upper()
        principal = await self.verifier.principal(shown_by(request.headers, method)) if self.verifier else None
        headers = {IDENTITY_HEADER: principal.token} if principal is not None and principal.token else {}
        return Response(status_code=204, headers={**headers, "Cache-Control": "no-store"})

    async def identity_keys(self) -> IdentityKeys:
        """A JWK Set (RFC 7517). Empty where nobody is asked for credentials."""
        return IdentityKeys(keys=self.verifier.signer.public_keys() if self.verifier else [])

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

    async def _local(self, request: Request) -> Principal:
        principal = await known(request)
        assert principal is not None, "with FILEMILL_AUTH=none everybody is known"
        return principal


def _session(caller: Caller | Principal) -> Session:
    scopes = sorted(caller.scopes - {Scope.SERVICE})
    return Session(owner_id=caller.owner_id, auth=caller.how, is_admin=caller.is_admin, scopes=scopes)
