"""What each route asks of its caller, read from the route itself: for the OpenAPI, the docs and the test that knows them all.

Not where it is decided (`caller`): this only reads which of its dependencies a route has.
"""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from filemill.chassis.identity.principal import Scope
from filemill.chassis.web import caller

ANYBODY = "anybody"
SOMEBODY = "any credentials"
UPLOAD_TOKEN = "upload token"  # noqa: S105 - the name of a kind

_NEEDS: dict[Callable[..., Any], Callable[[str], list[str]]] = {
    caller.caller_of: lambda method: [caller.scope_of(method).value],
    caller.uploader_of: lambda method: [caller.uploader_scope_of(method).value, UPLOAD_TOKEN],
    caller.reader_of: lambda _method: [Scope.READ.value],
    caller.writer_of: lambda _method: [Scope.WRITE.value],
    caller.writer_or_admin_of: lambda _method: [Scope.WRITE.value, Scope.ADMIN.value],
    caller.reader_or_admin_of: lambda _method: [Scope.READ.value, Scope.ADMIN.value],
    caller.deleter_of: lambda _method: [Scope.DELETE.value],
    caller.admin_of: lambda _method: [Scope.ADMIN.value],
    caller.service_of: lambda _method: [Scope.SERVICE.value],
    caller.somebody: lambda _method: [SOMEBODY],
}


def needed(route: APIRoute, method: str) -> list[str]:
    """What a caller of this method of the route needs, any one of them; `ANYBODY` alone where nothing is asked."""
    found = [need for call in _calls(route.dependant) if call in _NEEDS for need in _NEEDS[call](method)]
    return list(dict.fromkeys(found)) or [ANYBODY]


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
