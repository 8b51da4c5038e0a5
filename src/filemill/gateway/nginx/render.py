"""Writes NGINX's configuration: the texts beside this file, filled from the route table and the options of an installation.

Not for: deciding anything about a route (`routes`) or an answer (`answers`). What is written is read by NGINX 1.22 and newer.
On failure: nothing is raised here; `NginxOptions` refuses what would not be a configuration.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.telemetry.request_context import SILENT_EDGE
from filemill.chassis.web.accel import HEADER as ACCEL_HEADER
from filemill.chassis.web.accel import PLACE as ACCEL_PLACE
from filemill.chassis.web.authentication import COOKIE, CSRF_HEADER, METHOD_HEADER
from filemill.chassis.web.upload_tokens import PREFIX as UPLOAD_TOKEN
from filemill.gateway.forwarding import TAKEN_OFF
from filemill.gateway.limits import Limits
from filemill.gateway.nginx import installation
from filemill.gateway.nginx.options import OLDEST, NginxOptions
from filemill.gateway.nginx.problems import pages
from filemill.gateway.page import CONTENT_TYPES, PLACES
from filemill.gateway.page import HEADERS as PAGE_HEADERS
from filemill.gateway.routes import HIDDEN_FIRST_SEGMENTS, SMALL_BODY_BYTES, Route, build_routes

MAIN = "nginx.conf"
STREAM_S = 7 * 24 * 3600
"""A stream may be silent between its heartbeats; NGINX has no word for never."""


class _Text(string.Template):
    """`@{name}` is filled in; `$` is NGINX's own."""

    delimiter = "@"


def render(options: NginxOptions, routes: Sequence[Route] | None = None) -> dict[str, str]:
    """File name -> text, all for one folder; `nginx.conf` includes the others."""
    table = tuple(routes) if routes is not None else build_routes(options.max_file_bytes)
    limits = Limits()
    proxy = _fill("proxy.conf", accel_header=ACCEL_HEADER, connect_s=_number(limits.connect_s), identity_header=IDENTITY_HEADER,
                  taken_off="\n".join(f'proxy_set_header {name} "";' for name in TAKEN_OFF))  # fmt: skip
    found = {
        MAIN: _main(options, table, limits),
        "proxy.conf": proxy,
        "checks.conf": _fill("checks.conf"),
        "problems.conf": "\n".join(_problems()),
        "page.conf": _page(options),
    }
    return {name: text.replace("\n\n\n", "\n\n").rstrip("\n") + "\n" for name, text in found.items()}


def _main(options: NginxOptions, table: Sequence[Route], limits: Limits) -> str:
    access = installation.upstream(options, "access")
    return _fill(
        MAIN,
        oldest=".".join(map(str, max(OLDEST, options.nginx))),
        user=f"user {options.run_as};\n" if options.run_as else "",
        blobs=_fill("blobs.conf", blobs_dir=options.blobs_dir, place=ACCEL_PLACE) if options.blobs_dir else "",
        work_dir=options.work_dir, error_log=options.error_log, access_log=options.access_log,
        client_head_s=_number(limits.client_head_s), client_idle_s=_number(limits.client_idle_s),
        linger_s=_number(limits.linger_s),
        small_body_bytes=str(SMALL_BODY_BYTES), small_body_words=f"{SMALL_BODY_BYTES:,}",
        limit_zones=installation.limit_zones(options), limits=installation.limits(options),
        allowed_hosts=installation.allowed_hosts(options), scheme=installation.scheme(options),
        targets="\n".join(_targets(table)), hidden="\n".join(_hidden(table)), body_limits="\n".join(_body_limits(table)),
        cookie=COOKIE, upload_token=UPLOAD_TOKEN, silent_edge=SILENT_EDGE,
        upstreams="\n".join(installation.upstreams(options)),
        listen="\n".join(installation.listen(options)), tls=installation.tls(options),
        trusted=installation.trusted(options), locations="\n".join(_location(options, route) for route in table),
        identity=_identity(access, limits) if options.asks_for_credentials else "", access=access,
    )  # fmt: skip


# --- pieces of the table ---


def _location(options: NginxOptions, route: Route) -> str:
    extras = []
    if options.asks_for_credentials and route.asks:
        extras += ["auth_request /_edge/identity;",
                   f"auth_request_set $filemill_identity $upstream_http_{_variable(IDENTITY_HEADER)};"]  # fmt: skip
    if route.carries_files:
        extras += ["proxy_request_buffering off;", "gzip off;"]
    if route.streaming:
        extras += ["proxy_buffering off;", "gzip off;"]
    return _fill(
        "location.conf", prefix=route.prefix, strip=route.strip, max_body_bytes=str(route.max_body_bytes),
        idle_s=_number(route.idle_s), read_s=str(STREAM_S) if route.streaming else _number(route.response_head_s),
        cookie="$http_cookie" if route.wants_cookie else "$filemill_cookie",
        upstream=installation.upstream(options, route.service),
        accel="on" if route.carries_files and options.blobs_dir else '""',
        extras="".join(f"            {line}\n" for line in extras),
    )  # fmt: skip


def _targets(table: Sequence[Route]) -> Iterator[str]:
    for route in table:
        rest = route.prefix[len(route.strip) :]
        if rest:
            yield f'        "~^{route.strip}({rest}([/?].*)?)$" $1;'
        else:
            yield f'        "~^{route.strip}(/.*)$" $1;'
            yield f'        "~^{route.strip}(\\?.*)?$" /$1;'


def _hidden(table: Sequence[Route]) -> Iterator[str]:
    segments = "|".join(sorted(HIDDEN_FIRST_SEGMENTS))
    for strip in sorted({route.strip for route in table}):
        yield f'        "~^{strip}/({segments})(/|$)" 1;'


def _body_limits(table: Sequence[Route]) -> Iterator[str]:
    for route in table:
        if route.max_body_bytes != SMALL_BODY_BYTES:
            yield f'        "~^{route.prefix}(/|$)" "{route.max_body_bytes:,}";'


# --- the other files ---


def _identity(access: str, limits: Limits) -> str:
    return _fill("identity.conf", access=access, connect_s=_number(limits.connect_s), method_header=METHOD_HEADER,
                 csrf_header=CSRF_HEADER, csrf_variable=_variable(CSRF_HEADER))  # fmt: skip


def _problems() -> Iterator[str]:
    for page in pages():
        status = page.problem.status
        yield f"error_page {' '.join(map(str, page.statuses))} ={status} /_edge/{page.name};"
    for page in pages():
        # A body that nobody read ends its connection: said, or the client would send its next request into the end of it.
        closing = "    keepalive_timeout 0;\n" if page.problem.status == 503 else ""
        headers = closing + "".join(
            f'    add_header {name} "{value}" always;\n' for name, value in page.problem.headers.items()
        )
        yield _fill(
            "problem.conf", name=page.name, status=str(page.problem.status), body=page.body(), headers=headers
        ).rstrip("\n")


def _page(options: NginxOptions) -> str:
    safe = {name: value for name, value in PAGE_HEADERS.items() if name != "Cache-Control"}
    lines = [f'    add_header {name} "{value}" always;' for name, value in safe.items()]
    lines += ["    add_header X-Request-ID $filemill_request_id always;",
              "    add_header Strict-Transport-Security $filemill_hsts always;"]  # fmt: skip
    types = (f'    "{kind}" {ending.removeprefix(".")};' for ending, kind in CONTENT_TYPES.items())
    return _fill(
        "page.conf", page_dir=options.page_dir, places=PLACES, types="\n".join(types), headers="\n".join(lines)
    )


def _fill(name: str, /, **values: str) -> str:
    return _Text(_template(name)).substitute(values)


@cache
def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _number(seconds: float) -> str:
    return f"{seconds:g}"


def _variable(header: str) -> str:
    return header.lower().replace("-", "_")
