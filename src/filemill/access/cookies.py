"""The session's cookie, as every way of logging in gives it."""

from fastapi import Request, Response

from filemill.access.logins import ENDS_AFTER_S
from filemill.access.settings import AccessSettings
from filemill.chassis.web.authentication import COOKIE
from filemill.chassis.web.origin import is_private_line


def give_session(response: Response, request: Request, settings: AccessSettings, session_id: str) -> None:
    """`HttpOnly`, `SameSite=Lax`, and `Secure` but on plain HTTP of this machine."""
    response.set_cookie(
        COOKIE, session_id, max_age=int(ENDS_AFTER_S), path="/", httponly=True, samesite="lax",
        secure=not is_private_line(request, settings),
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
