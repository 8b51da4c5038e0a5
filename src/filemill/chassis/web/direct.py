"""Routes that are asked so often that the framework's routing, dependencies and response models would be most of their cost.

They are answered ahead of the app, behind the edge: ids, log line, metrics, bounds and problems are as for every route. Their
addresses stay routes of the app, which describes them in the OpenAPI and answers whatever is not exactly this (an id of
another form, another method), so both must lead to the same function. What it saves: docs/decisions/0015.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ExactRoute:
    """One method of one address without parameters. `who` says who is calling, as the route's dependency does, or nothing."""

    method: str
    path: str
    answer: Callable[[Request, Any], Awaitable[Response]]
    who: Callable[[Request], Awaitable[Any]] = caller_of


async def nobody(request: Request) -> None:
    """For an address that asks nobody who they are."""


class Direct:
    """Wraps an app."""

    def __init__(self, app: ASGIApp, routes: "Sequence[DirectRoute | ExactRoute]") -> None:
        self._app = app
        self._exact = {(route.method, route.path): route for route in routes if isinstance(route, ExactRoute)}
        self._by_id = [(*_split(route.path), route) for route in routes if isinstance(route, DirectRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            if (exact := self._exact.get((method, path))) is not None:
                scope["route"], scope["path_params"] = exact, {}
                request = Request(scope, receive)
                await (await exact.answer(request, await exact.who(request)))(scope, receive, send)
                return
            for prefix, parameter, route in self._by_id:
                if method == "GET" and path.startswith(prefix) and is_id(value := path.removeprefix(prefix)):
                    scope["route"], scope["path_params"] = route, {parameter: value}
                    request = Request(scope, receive)
                    response = await route.answer(value, request, await caller_of(request))
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _split(path: str) -> tuple[str, str]:
    """(what stands before the parameter, its name)."""
    prefix, _, parameter = path.partition("{")
    return prefix, parameter.removesuffix("}")
