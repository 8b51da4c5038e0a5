"""What each route asks of its caller, read from the route itself: for the OpenAPI, the docs and the test that knows them all.

Not where it is decided (`caller`): this only reads which of its dependencies a route has.
"""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from filemill.chassis.identity.principal import Scope
from filemill.chassis.web import caller
from filemill.chassis.web.authentication import COOKIE

ANYBODY = "anybody"
SOMEBODY = "any credentials"
UPLOAD_TOKEN = "upload token"  # noqa: S105 - the name of a kind
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `fm_…`."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": COOKIE,
        "description": "Of `POST /session`. What changes something also needs its `X-CSRF-Token`.",
    },
    "uploadToken": {"type": "http", "scheme": "bearer", "description": "Of `POST /upload-tokens`: `fmu_…`, sends files only."},
}  # fmt: skip

_NEEDS: dict[Callable[..., Any], Callable[[str], list[str]]] = {
    caller.caller_of: lambda method: [caller.scope_of(method).value],
    caller.uploader_of: lambda method: [caller.uploader_scope_of(method).value, UPLOAD_TOKEN],
    caller.reader_of: lambda _method: [Scope.READ.value],
    caller.writer_of: lambda _method: [Scope.WRITE.value],
    caller.deleter_of: lambda _method: [Scope.DELETE.value],
    caller.admin_of: lambda _method: [Scope.ADMIN.value],
    caller.service_of: lambda _method: [Scope.SERVICE.value],
    caller.somebody: lambda _method: [SOMEBODY],
}


def needed(route: APIRoute, method: str) -> list[str]:
    """What a caller of this method of the route needs, any one of them; `ANYBODY` alone where nothing is asked."""
    found = [need for call in _calls(route.dependant) if call in _NEEDS for need in _NEEDS[call](method)]
    return list(dict.fromkeys(found)) or [ANYBODY]


def describe(openapi: dict[str, Any], routes: list[APIRoute]) -> None:
    """Write what each operation asks for into the document (OpenAPI 3.1, Security Requirement Object)."""
    openapi.setdefault("components", {})["securitySchemes"] = SCHEMES
    for route in routes:
        for method in route.methods or ():
            operation = openapi["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                operation["security"] = _requirements(needed(route, method))


def _requirements(needs: list[str]) -> list[dict[str, list[str]]]:
    if needs == [ANYBODY]:
        return []
    scopes = [need for need in needs if need not in (SOMEBODY, UPLOAD_TOKEN)]
    by_token: list[dict[str, list[str]]] = [{"uploadToken": []}] if UPLOAD_TOKEN in needs else []
    return [{"key": scopes}, {"session": scopes}, *by_token]


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
