"""A GET that is asked so often that the framework's routing, dependencies and response models would be most of its cost.

It is answered ahead of the app, behind the edge: ids, log line, metrics, bounds and problems are as for every route. The same
address stays a route of the app, which describes it in the OpenAPI and answers whatever is not exactly this (an id of another
form, another method), so both must lead to the same function. What it saves: docs/decisions/0015.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from filemill.chassis.web.caller import Caller, caller_of
from filemill.contracts.ids import is_id

Answer = Callable[[str, Request, Caller], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class DirectRoute:
    """GET of `path`, which ends in its one parameter, an id: `/files/{file_id}`."""

    path: str
    answer: Answer


class Direct:
    """Wraps an app."""

    def __init__(self, app: ASGIApp, route: DirectRoute) -> None:
        self._app = app
        self._route = route
        self._prefix, _, parameter = route.path.partition("{")
        self._parameter = parameter.removesuffix("}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(self._prefix):
            value = scope["path"].removeprefix(self._prefix)
            if is_id(value):
                scope["route"], scope["path_params"] = self._route, {self._parameter: value}
                request = Request(scope, receive)
                response = await self._route.answer(value, request, await caller_of(request))
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
