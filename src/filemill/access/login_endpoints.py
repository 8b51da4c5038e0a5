"""The way of a person through the issuer's page and back: `GET /session/login`, `GET /session/callback`."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from filemill.access.cookies import give_session
from filemill.access.logins import Logins, Visitor
from filemill.access.settings import AccessSettings
from filemill.access.signing_in import COOKIE, LIFE_S, SigningIn
from filemill.access.verifying import of_identity
from filemill.chassis.errors import NotFound, Unauthenticated
from filemill.chassis.web.authentication import session_id_in
from filemill.chassis.web.caller import VisitorDep, address_of
from filemill.chassis.web.origin import is_private_line, origin_of

_REDIRECT: dict[int | str, dict[str, Any]] = {303: {"description": "To the page where it goes on."}}
_TEXT = Query(max_length=2000)


@dataclass(frozen=True, slots=True)
class LoginEndpoints:
    """The handlers and what they need. `signing_in` is None where no issuer is named."""

    settings: AccessSettings
    logins: Logins
    signing_in: SigningIn | None

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["access"])
        add = router.add_api_route
        add("/session/login", self.begin, methods=["GET"], status_code=303, responses=_REDIRECT, dependencies=[VisitorDep],
            response_class=RedirectResponse, summary="Log in at the issuer's page")  # fmt: skip
        add("/session/callback", self.end, methods=["GET"], status_code=303, responses=_REDIRECT, dependencies=[VisitorDep],
            response_class=RedirectResponse, summary="Where the issuer sends the browser back to")  # fmt: skip
        return router

    async def begin(self, request: Request, to: Annotated[str, _TEXT] = "/") -> Response:
        """OpenID Connect, authorization code with PKCE. `to`: the path of ours where the browser goes when it is back."""
        there, kept = await self._signing_in().begin(f"{origin_of(request, self.settings)}/session/callback", to)
        answer = RedirectResponse(there, status_code=303, headers={"Cache-Control": "no-store"})
        private = is_private_line(request, self.settings)
        answer.set_cookie(COOKIE, kept, max_age=LIFE_S, path="/", httponly=True, samesite="lax", secure=not private)
        return answer

    async def end(
        self,
        request: Request,
        state: Annotated[str, _TEXT] = "",
        code: Annotated[str, _TEXT] = "",
        error: Annotated[str, _TEXT] = "",
        iss: Annotated[str | None, _TEXT] = None,
    ) -> Response:
        """A session, whose id comes as a cookie, and back to where the login began. It works once."""
        signing_in = self._signing_in()
        if error:
            raise Unauthenticated("The issuer did not log you in; begin anew.")
        identity, to = await signing_in.end(request.cookies.get(COOKIE), code, state, iss)
        visitor = Visitor(address_of(request), request.headers.get("user-agent"))
        session_id = await self.logins.begin(of_identity(identity), visitor, session_id_in(request.headers))
        answer = RedirectResponse(to, status_code=303)
        give_session(answer, request, self.settings, session_id)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return answer

    def _signing_in(self) -> SigningIn:
        if self.signing_in is None:
            raise NotFound("This installation knows no issuer to log in at.")
        return self.signing_in
