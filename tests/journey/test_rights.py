"""Every call of every service, made as every kind of caller, on a real mill that asks for credentials.

The list of calls is the services' own: a new one is tried without anybody thinking of it, and one with an id that
this page does not know fails.
"""

import asyncio
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import load
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.rights import ANYBODY, SOMEBODY, UPLOAD_TOKEN, needed
from filemill.gateway.nginx.options import NginxOptions
from filemill.gateway.nginx.render import render
from filemill.gateway.page import PLACES as PAGES
from support.callers import Callers, make_key
from support.mill import Mill, wait_for
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers

pytestmark = pytest.mark.core

ROOT = Path(__file__).parents[2]
PAGE_FILE = r"(?<page_file>[^._/][^/]*(/[^._/][^/]*)*)"
SERVICES = ("access", "upload", "metadata", "ai", "processing", "notification")
PLACES = {"access": "/api/access", "notification": "/api/notifications"}
FILES = ("files:read", "files:write", "files:delete")
NOBODYS_ID = "01890000-0000-7000-8000-000000000000"
BODIES: dict[str, dict[str, Any]] = {
    "POST /erasures": {"json": {"owner_id": "nobody-at-all"}},
    "POST /keys": {"json": {"owner_id": "carol"}},
    "POST /files": {"files": {"file": ("a.txt", b"words")}},
    "POST /upload": {"files": {"file": ("a.txt", b"other words")}},
    "PUT /files": {"params": {"filename": "a.txt"}, "content": b"raw words"},
    "PUT /files/{file_id}/content": {"content": b"newer words"},
    "PUT /files/{file_id}/children": {"params": {"path": "a.txt", "filename": "a.txt"}, "content": b"child"},
    "PATCH /files/{file_id}": {"json": {"title": "Mine"}},
    "PATCH /files": {"params": {"q": "nothing-has-this-word"}, "json": {"add_tags": ["x"]}},
    "POST /files/{file_id}/signed-url": {"json": {"expires_in": 60}},
    "POST /files/{file_id}/renditions": {"json": {"w": 10, "h": 10, "expires_in": 60}},
    "POST /files/{file_id}/shares": {"json": {"expires_in": 60, "note": "for bob"}},
    "POST /files/zip": {"json": {"file_ids": [NOBODYS_ID]}},
    "GET /files/zip": {"params": {"ids": NOBODYS_ID}},
    "POST /uploads": {"json": {"filename": "a.txt", "size": 5, "content_type": "text/plain"}},
    "POST /tus/": {"headers": {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}},
    "PATCH /tus/{upload_id}": {
        "headers": {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        "content": b"words",
    },
    "POST /tus/{upload_id}": {
        "headers": {"Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0",
                    "Content-Type": "application/offset+octet-stream"},
        "content": b"words",
    },
    "HEAD /tus/{upload_id}": {"headers": {"Tus-Resumable": "1.0.0"}},
    "DELETE /tus/{upload_id}": {"headers": {"Tus-Resumable": "1.0.0"}},
    "POST /jobs/retry": {"json": {"filter": {}, "dry_run": True}},
    "POST /jobs/reprocess": {"json": {"dry_run": True}},
    "POST /embed": {"json": {"texts": ["words"]}},
    "GET /blobs/named": {"params": {"keys": "blobs/00/none"}},
    "POST /upload-tokens": {"json": {}},
    "POST /files/{file_id}/hold": {"json": {"reason": "a lawsuit"}},
    "POST /searches": {"json": {"name": "Invoices", "query": "invoice"}},
    "POST /tags/merge": {"json": {"from": ["a"], "into": "b"}},
    "POST /rules": {"json": {"name": "Old", "query": "tag:old", "after_days": 30}},
    "POST /rules/preview": {"json": {"query": "tag:old", "after_days": 30}},
    "PATCH /rules/{rule_id}": {"json": {"active": False}},
    "POST /webhooks": {"json": {"url": "http://127.0.0.1:8999/hook"}},
    "PATCH /webhooks/{webhook_id}": {"json": {"description": "mine"}},
    "POST /webhooks/{webhook_id}/rotate-secret": {"json": {}},
    "POST /webhooks/{webhook_id}/replay": {"json": {"failed_since": "2026-01-01T00:00:00Z"}},
    "POST /files/{file_id}/unpack": {"json": {}},
    "POST /analyze/{file_id}": {"json": {}},
}  # fmt: skip
"""What a call is made with where it takes more than its address."""


@dataclass(frozen=True)
class Call:
    """A call that a service answers; `needs` is what its route says."""

    service: str
    method: str
    path: str
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        return f"{self.service} {self.name}"


@dataclass(frozen=True)
class Things:
    """What is ann's: by the name that a path has for it."""

    ids: dict[str, str]

    def in_place(self, call: Call) -> str:
        """The address of the call on ann's things. Fails for a path with an id that nobody has given it."""
        return PLACES.get(call.service, f"/api/{call.service}") + re.sub(
            r"\{(\w+)\}", lambda found: self.ids[f"{call.service}.{found[1]}"], call.path
        )


def calls() -> list[Call]:
    """Every method of every route of every service, the hidden ones too."""
    return [call for service in SERVICES for call in asyncio.run(_calls_of(service))]


async def _calls_of(service: str) -> list[Call]:
    import tempfile

    module = importlib.import_module(f"filemill.{service}.main")
    kind = next(value for name, value in vars(module).items() if name == f"{service.capitalize()}Settings")
    with tempfile.TemporaryDirectory() as folder:
        settings = load(kind, data_dir=Path(folder))
        await asyncio.to_thread(migrate, settings)
        edge: Edge = await module.build(settings)
        # Given back by its own life's end: nothing of it was started.
        return [
            Call(service, method, route.path_format, tuple(needed(route, method)))
            for route in edge.routes
            for method in sorted(route.methods or ())
        ]


@pytest.fixture(scope="module", params=["local", pytest.param("nginx", marks=pytest.mark.servers)])
def mill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Mill]:
    """A mill that asks for keys, behind its own gateway or behind NGINX."""
    mill = Mill(tmp_path_factory.mktemp("rights") / "data", FILEMILL_AUTH="keys", FILEMILL_WEBHOOK_LOOPBACK="true")
    try:
        mill.start()
        if request.param == "local":
            yield mill
            return
        if not nginx.PROGRAM.exists():
            servers.missing("NGINX is not installed (Debian: nginx-light)")
        upstreams = {name: (f"127.0.0.1:{port}",) for name, port in mill.ports.items() if name != "gateway"}
        # One address makes more calls here than a person: the limits are tried elsewhere.
        for edge in servers.running(EdgeNginx(upstreams, rate_per_s=0)):
            mill.url = f"http://127.0.0.1:{edge.port}"
            yield mill
    finally:
        mill.stop()


@pytest.fixture(scope="module")
def ann(mill: Mill, client_with: Callers) -> httpx.Client:
    return client_with(mill, make_key(mill, "ann")["key"])


@pytest.fixture(scope="module")
def things(mill: Mill, ann: httpx.Client) -> Things:
    """A file of ann's that is processed, an upload she has begun, jobs, a purge, a login, a key."""
    file_id = ann.post("/api/upload/files", files={"file": ("a.txt", b"The invoice of Ann.")}).json()["file_id"]
    other = ann.post("/api/upload/files", files={"file": ("b.txt", b"Soon gone.")}).json()["file_id"]

    def settled() -> bool:
        known = ann.get(f"/api/metadata/files/{file_id}").json()
        return known.get("status") == "processed" and known.get("analysis") != "pending"

    wait_for(settled, "ann's file to be processed and analysed", 90)
    purge = ann.delete(f"/api/upload/files/{other}", params={"purge": "true"}).headers["location"].rpartition("/")[2]
    tus = ann.post("/api/upload/tus/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"}).headers["location"]
    asked = {"filename": "c.txt", "size": 5, "content_type": "text/plain"}
    direct = ann.post("/api/upload/uploads", json=asked).json()["upload_id"]
    jobs = {name: ann.get(f"/api/{name}/jobs").json()["items"][0]["job_id"] for name in ("processing", "ai")}
    share = ann.post(f"/api/upload/files/{file_id}/shares", json={}).json()["share_id"]
    rule = ann.post("/api/metadata/rules", **BODIES["POST /rules"]).json()["rule_id"]
    search = ann.post("/api/metadata/searches", **BODIES["POST /searches"]).json()["search_id"]
    hook = ann.post("/api/notifications/webhooks", **BODIES["POST /webhooks"]).json()["webhook_id"]
    ann.post(f"/api/notifications/webhooks/{hook}/test")
    delivery = ann.get(f"/api/notifications/webhooks/{hook}/deliveries").json()["items"][0]["delivery_id"]
    ann.post("/api/session")
    login = ann.get("/api/access/logins").json()["items"][0]["login_id"]
    key = make_key(mill, "ann")["key_id"]  # an admin revokes it
    ann.cookies.clear()
    request_id = ann.get("/api/upload/files").headers["x-request-id"]
    files = {f"{service}.file_id": file_id for service in SERVICES}
    return Things(
        files
        | {f"{service}.event_id": NOBODYS_ID for service in SERVICES}
        | {f"{name}.job_id": job for name, job in jobs.items()}
        | {"upload.upload_id": tus.rpartition("/")[2], "upload.purge_id": purge, "upload.number": "1"}
        | {"access.erasure_id": NOBODYS_ID}
        | {"upload.share_id": share}
        | {"metadata.rule_id": rule, "metadata.search_id": search}
        | {"notification.webhook_id": hook, "notification.delivery_id": delivery}
        | {"upload.direct": direct, "access.login_id": login, "access.key_id": key}
        | {"metadata.name": "thumbnail", "processing.name": "thumbnail", "metadata.request_id": request_id}
    )


def _status(client: httpx.Client, call: Call, things: Things) -> int:
    """Only the head of the answer is waited for: one of them is a stream without end."""
    path = things.in_place(call)
    if call.path.startswith("/uploads/"):
        path = path.replace(things.ids["upload.upload_id"], things.ids["upload.direct"])
    with client.stream(call.method, path, **BODIES.get(call.name, {})) as response:
        return response.status_code


def _with_ids(call: Call) -> bool:
    return bool(set(re.findall(r"\{(\w+)\}", call.path)) - {"event_id", "name", "number"})


def test_every_call_when_made_by_every_kind_of_caller_then_only_the_right_ones_may(
    mill: Mill, client_with: Callers, ann: httpx.Client, things: Things
) -> None:
    """401 without credentials, 403 without the scope, 404 for another owner's; and the owner may."""
    every = calls()
    token = ann.post("/api/access/upload-tokens", json={"files": 50}).json()["token"]
    readers = client_with(mill, make_key(mill, "ann", "files:read")["key"])
    admin = client_with(mill, make_key(mill, "root", "admin")["key"])
    bob = client_with(mill, make_key(mill, "bob")["key"])
    nobody, browser = client_with(mill, None), client_with(mill, token)
    wrong: list[str] = []

    def look(
        who: str, client: httpx.Client, call: Call, wanted: set[int] | None, never: set[int] | None = None
    ) -> None:
        said = _status(client, call, things)
        if said >= 500 or (wanted is not None and said not in wanted) or (never is not None and said in never):
            wrong.append(f"{call} as {who}: {said}, wanted {wanted or f'anything but {never}'} ({call.needs})")

    for call in every:
        hidden = call.path.startswith(("/metrics", "/verify"))  # the gateway answers 404 for the inner network's
        if hidden or call.needs == (ANYBODY,):
            refuses = call.name == "POST /session"  # without a key there is nothing to log in with
            look("nobody", nobody, call, {404} if hidden else None, None if refuses else {401})
            continue
        look("nobody", nobody, call, {401})
        may = set(FILES) & set(call.needs)
        if call.needs == (SOMEBODY,):
            look("a browser with an upload token", browser, call, {403})
            continue
        look(
            "a reader",
            readers,
            call,
            None if "files:read" in may else {403},
            {401, 403} if "files:read" in may else None,
        )
        kept_out = (may and "admin" not in call.needs) or "service" in call.needs
        look("an admin without files", admin, call, {403} if kept_out else None, {401} if kept_out else {401, 403})
        if UPLOAD_TOKEN not in call.needs:
            look("a browser with an upload token", browser, call, {403})
        if may and _with_ids(call) and call.path != "/requests/{request_id}/file":
            look("another owner", bob, call, {404})
        if not may:
            look("an owner who is no admin", ann, call, {403})
    for call in every:  # last: what they do, they do
        if (
            call.needs != (ANYBODY,)
            and set(FILES) & set(call.needs)
            and not call.path.startswith(("/logins/", "/keys/"))
        ):
            look("the owner", ann, call, None, {401, 403})
    assert wrong == [], "\n".join(wrong)
    assert len(every) > 120


def test_every_address_of_nginx_when_crawled_then_a_documented_path_lies_there_or_it_is_the_edges_own() -> None:
    """Each rendered location leads to paths that OpenAPI describes, and each described path has its location."""
    locations = dict(re.findall(r"\n *location (.+?) \{(.*?)\n        \}", _rendered(), re.DOTALL))
    own = {name for name, body in locations.items() if "$filemill_target" not in body}
    inner = {name for name, body in locations.items() if "internal;" in body}
    console = f'~ "{PAGES}"'
    assert own - inner == {"= /health", "~ ^/(livez|readyz)$", "= /", f"~ ^/ui/{PAGE_FILE}$", console, "/"}
    assert {name for name in inner if not name.startswith(("= /_edge/", "^~ /_blobs/"))} == set()
    used: set[str] = set()
    for service in SERVICES:
        described = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())["paths"]
        for path in [*described, "/docs", "/docs-assets/swagger-ui.css", "/openapi.json"]:
            public = ("/api" if path.startswith("/session") else PLACES.get(service, f"/api/{service}")) + path
            found = [name for name in locations if name.startswith("~ ^/api") and re.match(name[2:], public)]
            assert found, f"{service} describes {path}, and NGINX has no place for it"
            assert f"http://filemill_{service}$" in locations[found[0]], (service, path, found)
            used.add(found[0])
    assert used == {name for name in locations if name.startswith("~ ^/api")}


def _rendered() -> str:
    files = render(replace(NginxOptions(), blobs_dir="/store"))
    main = files["nginx.conf"]
    for name in ("page.conf", "problems.conf"):
        indented = "".join(f"        {line}\n" for line in files[name].splitlines())
        main = main.replace(f"        include {name};\n", indented)
    return main


def test_another_owners_lists_when_asked_then_they_are_empty(mill: Mill, client_with: Callers) -> None:
    """No hit, no job, no count of hanna's is bob's; and a search by him finds nothing of hers."""
    hanna, bob = (client_with(mill, make_key(mill, name)["key"]) for name in ("hanna", "bob-2"))
    hanna.post("/api/upload/files", files={"file": ("h.txt", b"An invoice of Hanna.")}).raise_for_status()
    found = "/api/metadata/files?q=invoice"
    wait_for(lambda: hanna.get(found).json()["items"], "hanna's file to be found", 60)
    for path in ("/api/upload/files", found, "/api/processing/jobs", "/api/ai/jobs"):
        assert bob.get(path).json()["items"] == [], path
    stats = bob.get("/api/upload/stats").json()
    assert (stats["files"], stats["bytes"]) == (0, 0)
    assert bob.get("/api/metadata/analytics").json()["files"] == 0
    assert bob.get("/api/access/keys").json()["items"][0]["owner_id"] == "bob-2"
