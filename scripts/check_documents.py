"""The generated documents, made from the code that runs: OpenAPI of each service, AsyncAPI, telemetry, NGINX's.

`python scripts/check_documents.py` fails with a summary when a committed document says something else than the code;
with `--write` it writes them again. Nothing listens and nothing is kept: apps are built on an empty folder that is deleted.
"""

import argparse
import asyncio
import difflib
import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import diagrams
import httpx
from asyncapi_schema import asyncapi
from starlette.types import ASGIApp, Message
from telemetry_schema import schema

from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import load
from filemill.chassis.telemetry import logging
from filemill.gateway.nginx.options import NginxOptions
from filemill.gateway.nginx.render import MAIN, render

DEPLOYED = NginxOptions(tls_listen=("8443",), resolver="/tmp/resolver.conf")
"""As containers are named in Compose; `deployment/nginx/resolver.sh` writes which name server is asked."""
ROOT = Path(__file__).resolve().parent.parent
TELEMETRY_HEAD = """\
# Every span, metric and log event of filemill. Made by `make documents` from the code; a test holds a running mill against it.
# Each line of a log has `timestamp`, `level`, `service`, `event` besides its facts, and `request_id`, `trace_id` if any."""
SERVICES = ("access", "upload", "metadata", "ai", "processing", "notification")
SHOWN_LINES = 40
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def main() -> int:
    logging.configure("documents", level="error")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the documents instead of comparing them")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds docs/ and deployment/")
    arguments = parser.parse_args()
    drifted = 0
    for name, text in documents().items():
        path = arguments.root / name
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if kept == text:
            continue
        if arguments.write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"written: {name}")
        else:
            drifted += 1
            _show(name, kept, text)
    if drifted:
        print(f"error: {drifted} documents differ from the code; `make documents` writes them again", file=sys.stderr)
    return 1 if drifted else 0


def documents() -> dict[str, str]:
    """Path below the root -> text, for every generated document."""
    described = {service: openapi(service) for service in SERVICES}
    made = {f"docs/openapi/{service}.json": _json(said) for service, said in described.items()}
    made["docs/rights.md"] = rights(described)
    made["docs/asyncapi.yaml"] = "\n".join(_yaml(asyncapi())) + "\n"
    made["docs/telemetry.yaml"] = "\n".join([TELEMETRY_HEAD, *_yaml(schema(ROOT / "src" / "filemill"))]) + "\n"
    made["docs/diagrams.md"] = diagrams.page(ROOT / "src" / "filemill", SERVICES)
    return made | nginx()


def nginx() -> dict[str, str]:
    """The edge of the containers; `week03.conf` stands for `nginx.conf` where nobody is asked for credentials."""
    made = {f"deployment/nginx/{name}": text for name, text in render(DEPLOYED).items()}
    made["deployment/nginx/week03.conf"] = render(replace(DEPLOYED, asks_for_credentials=False))[MAIN]
    return made


def openapi(service: str) -> dict[str, Any]:
    """What the service's own `/openapi.json` answers."""
    with tempfile.TemporaryDirectory(prefix="filemill-documents-") as folder:
        return asyncio.run(_openapi(service, Path(folder)))


async def _openapi(service: str, folder: Path) -> dict[str, Any]:
    module = importlib.import_module(f"filemill.{service}.main")
    kind = next(value for name, value in vars(module).items() if name == f"{service.capitalize()}Settings")
    settings = load(kind, data_dir=folder)
    migrate(settings)
    app: ASGIApp = await module.build(settings)
    async with _running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer: dict[str, Any] = (await client.get("/openapi.json")).raise_for_status().json()
        return answer


def rights(described: dict[str, dict[str, Any]]) -> str:
    """What each call asks of its caller, as a page: from the security requirements in the OpenAPI documents."""
    lines = [
        "# Who may call what",
        "",
        "Made by `make documents` from the routes themselves; a test makes each call as each kind of caller.",
        "An owner's calls see that owner's files only: another's are 404. *Anybody*: no credentials are asked for.",
        "With `FILEMILL_AUTH=none` everybody on this machine is the local user, who may all of it.",
    ]
    for service, said in described.items():
        lines += ["", f"## {service}", "", "| call | needs | what it does |", "| --- | --- | --- |"]
        lines += [
            f"| `{method.upper()} {path}` | {_needs(operation)} | {operation['summary'].replace('|', '/')} |"
            for path, operations in said["paths"].items()
            for method, operation in operations.items()
        ]
    return "\n".join(lines) + "\n"


def _needs(operation: dict[str, Any]) -> str:
    if not operation["security"]:
        return "anybody"
    scopes = [scope for one in operation["security"] for scope in one.get("key", ())]
    token = " or an upload token" if {"uploadToken": []} in operation["security"] else ""
    return (" or ".join(f"`{scope}`" for scope in scopes) or "any credentials") + token


@asynccontextmanager
async def _running(app: ASGIApp) -> AsyncIterator[None]:
    """The life of an ASGI app without a server (ASGI lifespan protocol 2.0)."""
    events: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, events.get, answers.put))
    await events.put({"type": "lifespan.startup"})
    answer = await answers.get()
    if answer["type"] != "lifespan.startup.complete":
        raise RuntimeError(answer.get("message", "the service did not start"))
    yield
    await events.put({"type": "lifespan.shutdown"})
    await life


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: Any, depth: int = 0) -> Iterator[str]:
    """YAML of plain JSON values in block style; every text is quoted as in JSON, which YAML 1.2 reads the same."""
    indent = "  " * depth
    if isinstance(value, dict):
        for name, inner in value.items():
            key = name if _PLAIN_KEY.fullmatch(name) else json.dumps(name)
            if isinstance(inner, dict | list) and inner:
                yield f"{indent}{key}:"
                yield from _yaml(inner, depth + 1)
            else:
                yield f"{indent}{key}: {json.dumps(inner, ensure_ascii=False)}"
        return
    for inner in value:
        if isinstance(inner, dict | list) and inner:
            first, *more = _yaml(inner, depth + 1)
            yield f"{indent}- {first.lstrip()}"
            yield from more
        else:
            yield f"{indent}- {json.dumps(inner, ensure_ascii=False)}"


def _show(name: str, kept: str, text: str) -> None:
    if not kept:
        print(f"missing: {name}")
        return
    diff = list(
        difflib.unified_diff(kept.splitlines(), text.splitlines(), name, "what the code says", lineterm="", n=1)
    )
    print("\n".join(diff[:SHOWN_LINES]))
    if len(diff) > SHOWN_LINES:
        print(f"... and {len(diff) - SHOWN_LINES} more lines")


if __name__ == "__main__":
    for variable in [name for name in os.environ if name.startswith("FILEMILL_")]:
        del os.environ[variable]  # the documents are those of the defaults
    sys.exit(main())
