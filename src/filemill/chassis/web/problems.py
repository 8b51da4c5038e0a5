"""Errors become `application/problem+json` here and nowhere else.

A `FilemillError` says everything itself. A validation error of FastAPI is a 400 with the first thing that is wrong. Anything
else is a bug: it is logged with its stack, and the caller gets 500 `internal-error` with the request id to quote.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from filemill.chassis import errors
from filemill.chassis.telemetry import request_context
from filemill.contracts.problems import PROBLEM_MEDIA_TYPE, PROBLEM_TYPE_PREFIX, Problem

_log = structlog.get_logger()


def problem_response(error: errors.FilemillError) -> Response:
    """The answer for an error."""
    context = request_context.current()
    problem = Problem(
        type=PROBLEM_TYPE_PREFIX + error.code,
        title=error.title,
        status=error.status,
        detail=error.detail,
        code=error.code,
        retryable=error.retryable,
        request_id=context.request_id if context else None,
    )
    response = Response(problem.model_dump_json(), error.status, media_type=PROBLEM_MEDIA_TYPE)
    response.headers.update(error.headers)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def install(app: FastAPI, routes: Sequence[APIRoute]) -> None:
    """Translate every error of this app; `routes` are what it answers."""
    app.state.routes = routes
    app.add_exception_handler(errors.FilemillError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)  # else Starlette answers with a line of plain text


def unexpected(error: Exception) -> Response:
    """The answer for a bug, after logging it."""
    _log.error("http.request.failed", exc_info=error)
    return problem_response(errors.FilemillError("This is a fault of ours; quote the request id when you report it."))


async def _known(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.FilemillError)
    return problem_response(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = dict(error.errors()[0])
    if first["type"] == "json_invalid":
        return problem_response(errors.BadJson(f"The body is not valid JSON: {first.get('ctx', {}).get('error', '')}"))
    place = ".".join(str(part) for part in first["loc"])
    if first["loc"][0] == "path":  # what has not the form of an id is the id of nothing
        return problem_response(errors.NotFound())
    return problem_response(errors.BadRequest(f"{place}: {first['msg']}"))


async def _unexpected(_request: Request, error: Exception) -> Response:
    return unexpected(error)


class _MethodNotAllowed(errors.FilemillError):
    code, status, title = "method-not-allowed", 405, "This address does not take this method"


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_response(errors.NotFound("There is no such address."))
    if error.status_code == 405:
        return problem_response(_MethodNotAllowed(headers={"Allow": _methods_of(request)}))
    if error.status_code < 500:
        return problem_response(errors.BadRequest(str(error.detail)))
    return unexpected(error)


def _methods_of(request: Request) -> str:
    """What the address takes, of whichever route (RFC 9110, 10.2.1); the framework would name one route's only.

    A path in plain words is another address than one with an id that it also fits (OpenAPI, "Path Templating Matching").
    """
    here = [route for route in request.app.state.routes if route.path_regex.match(request.url.path)]
    plainest = min((route.path_format.count("{") for route in here), default=0)
    named = {method for route in here if route.path_format.count("{") == plainest for method in route.methods or ()}
    return ", ".join(sorted(named))
