"""What the framework leaves out of an OpenAPI document: what an operation asks of its caller, and that errors are problems."""

from collections.abc import Sequence
from typing import Any

from fastapi.routing import APIRoute

from filemill.chassis.web.authentication import COOKIE
from filemill.chassis.web.rights import ANYBODY, SOMEBODY, UPLOAD_TOKEN, needed
from filemill.contracts.problems import PROBLEM_MEDIA_TYPE

SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `fm_…`."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": COOKIE,
        "description": "Of `POST /session`. What changes something also needs its `X-CSRF-Token`.",
    },
    "uploadToken": {"type": "http", "scheme": "bearer", "description": "Of `POST /upload-tokens`: `fmu_…`, sends files only."},
}  # fmt: skip


def complete(openapi: dict[str, Any], routes: Sequence[APIRoute]) -> None:
    """Write both into the document (OpenAPI 3.1: Security Requirement Object; RFC 9457: the media type)."""
    openapi.setdefault("components", {})["securitySchemes"] = SCHEMES
    for route in routes:
        for method in route.methods or ():
            operation = openapi["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                operation["security"] = _requirements(needed(route, method))
                _name_problems(operation["responses"])


def _name_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if (status == "default" or status >= "400") and "application/json" in content:
            content[PROBLEM_MEDIA_TYPE] = content.pop("application/json")


def _requirements(needs: list[str]) -> list[dict[str, list[str]]]:
    if needs == [ANYBODY]:
        return []
    scopes = [need for need in needs if need not in (SOMEBODY, UPLOAD_TOKEN)]
    by_token: list[dict[str, list[str]]] = [{"uploadToken": []}] if UPLOAD_TOKEN in needs else []
    # Of several requirements one is enough; of several scopes in one all would be asked for.
    any_one = [[scope] for scope in scopes] or [[]]
    return [{kind: one} for one in any_one for kind in ("key", "session")] + by_token
