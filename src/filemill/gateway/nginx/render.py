"""Writes NGINX's configuration: the texts beside this file, filled from the route table and the options of an installation.

Not for: deciding anything about a route (`routes`) or an answer (`answers`). What is written is read by NGINX 1.22 and newer.
On failure: nothing is raised here; `NginxOptions` refuses what would not be a configuration.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib import resources

from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.limits import admission
from filemill.chassis.telemetry.request_context import SILENT_EDGE
from filemill.chassis.web.accel import HEADER as ACCEL_HEADER
from filemill.chassis.web.accel import PLACE as ACCEL_PLACE
from filemill.chassis.web.authentication import COOKIE, CSRF_HEADER, METHOD_HEADER
from filemill.chassis.web.upload_tokens import PREFIX as UPLOAD_TOKEN
from filemill.gateway.forwarding import TAKEN_OFF
from filemill.gateway.limits import Limits
from filemill.gateway.nginx import installation
from filemill.gateway.nginx.options import OLDEST, NginxOptions
from filemill.gateway.nginx.problems import Page, full, pages
from filemill.gateway.page import CONTENT_TYPES, PLACES
from filemill.gateway.page import HEADERS as PAGE_HEADERS
from filemill.gateway.routes import HIDDEN_FIRST_SEGMENTS, SMALL_BODY_BYTES, Route, build_routes

MAIN = "nginx.conf"
QUICK, PUT = "quick", "put"
"""Lanes of what is short: may be repeated or is known not to be, and what NGINX would repeat though it must not."""
GATEWAY_ERRORS = (502, 504)
"""No instance was reached, or none answered in time."""
SMALL = "([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3})"
"""Up to 64,999: within `admission.SMALL_BODY_BYTES`, in digits."""
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
        **installation.choice(options, _bounded(table)),
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
        lanes=_which_lane(table),
        targets="\n".join(_targets(table)), hidden="\n".join(_hidden(table)), body_limits="\n".join(_body_limits(table)),
        cookie=COOKIE, upload_token=UPLOAD_TOKEN, silent_edge=SILENT_EDGE,
        upstreams="\n".join(installation.upstreams(options, _bounded(table))),
        listen="\n".join(installation.listen(options)), tls=installation.tls(options),
        trusted=installation.trusted(options),
        locations="\n".join(text for route in table for text in (_location(options, route), *_lanes(options, route))),
        identity=_identity(access, limits) if options.asks_for_credentials else "", access=access,
    )  # fmt: skip


# --- pieces of the table ---


def _location(options: NginxOptions, route: Route) -> str:
    extras = _asking(options, route)
    if route.carries_files:
        extras += ["proxy_request_buffering off;", "gzip off;"]
    if route.streaming:
        extras += ["proxy_buffering off;", "gzip off;"]
    lane = ""
    if route.read_slowly is not None:
        to = "$filemill_lane" if route.carries_files else QUICK
        lane = _lines(["if ($filemill_lane) {", f"    rewrite ^ /_edge/{to}/{route.service} last;", "}"])
    return _fill(
        "location.conf", prefix=route.prefix, strip=route.strip, lane=lane, max_body_bytes=str(route.max_body_bytes),
        upstream=installation.upstream(options, route.service),
        accel="on" if route.carries_files and options.blobs_dir else '""', **_passing_on(route, extras),
    )  # fmt: skip


def _lanes(options: NginxOptions, route: Route) -> Iterator[str]:
    """The places of what is short, if the route has them."""
    if route.read_slowly is None:
        return
    plain = ["gzip off;"] if route.carries_files else []
    asking = _asking(options, route)
    yield _lane(
        options, route, f"= /_edge/{QUICK}/{route.service}", ["internal;"], [*asking, *plain],
        "What finds no room is told so at once; the access log then names an upstream instead of an address.",
    )  # fmt: skip
    if not route.carries_files:
        return
    again = f"@{route.service}_again"
    first = ["proxy_next_upstream off;", "recursive_error_pages on;", *_error_pages(but=GATEWAY_ERRORS),
             f"error_page {' '.join(map(str, GATEWAY_ERRORS))} = {again};"]  # fmt: skip
    yield _lane(
        options, route, f"= /_edge/{PUT}/{route.service}", ["internal;"], [*asking, *plain, *first],
        "A second attempt might be a second file: not if anything was sent.",
    )  # fmt: skip
    beginning = ['if ($filemill_unsent = "") {', "    return 503;", "}"]
    living = []
    if not options.keeps_connections:
        # Looked up anew, the name may lead to the same instance again: no place remembers which of them let nobody in.
        yield _fill("living.conf", service=route.service, upstream=installation.upstream(options, route.service),
                    connect_s=_number(Limits().connect_s))  # fmt: skip
        living = [f"auth_request /_edge/living/{route.service};", "auth_request_set $filemill_asked $upstream_addr;"]
    yield _lane(
        options, route, again, beginning, [*living, *plain, "proxy_next_upstream off;"],
        "The next instance, since nobody heard of the first attempt. Who calls is known from there.",
        upstream="http://$filemill_living" if living else None,
    )  # fmt: skip


def _lane(
    options: NginxOptions, route: Route, place: str, beginning: Sequence[str], extras: Sequence[str], why: str,
    *, upstream: str | None = None,
) -> str:  # fmt: skip
    return _fill(
        "lane.conf", place=place, why=why, beginning=_lines([*beginning, *installation.quiet(options)]),
        small_body_bytes=str(admission.SMALL_BODY_BYTES),
        upstream=upstream or installation.bounded_upstream(options, route.service), **_passing_on(route, extras),
    )  # fmt: skip


def _asking(options: NginxOptions, route: Route) -> list[str]:
    if not (options.asks_for_credentials and route.asks):
        return []
    answer = f"$upstream_http_{_variable(IDENTITY_HEADER)}"
    return ["auth_request /_edge/identity;", f"auth_request_set $filemill_identity {answer};"]


def _passing_on(route: Route, extras: Sequence[str]) -> dict[str, str]:
    """What a route and its lanes have in common."""
    return {
        "idle_s": _number(route.idle_s),
        "read_s": str(STREAM_S) if route.streaming else _number(route.response_head_s),
        "cookie": "$http_cookie" if route.wants_cookie else "$filemill_cookie",
        "extras": _lines(extras),
    }


def _bounded(table: Sequence[Route]) -> set[str]:
    """Services of which what is short is told apart."""
    return {route.service for route in table if route.read_slowly is not None}


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"            {line}\n" for line in lines)


def _which_lane(table: Sequence[Route]) -> str:
    slow = (
        f'        "~^(GET|HEAD|POST) [0-9]* {route.prefix}/({route.read_slowly})" "";'
        for route in table
        if route.read_slowly is not None
    )
    return _fill("lanes.conf", read_slowly="\n".join(slow), small=SMALL, quick=QUICK, put=PUT)


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


def _error_pages(*, but: Collection[int] = ()) -> Iterator[str]:
    for page in pages():
        statuses = " ".join(str(status) for status in page.statuses if status not in but)
        yield f"error_page {statuses} ={page.problem.status} /_edge/{page.name};"


def _problems() -> Iterator[str]:
    yield from _error_pages()
    for page in pages():
        yield _problem(page, _unread(page.name) if page.problem.status == 503 else "")
    yield _problem(full(), "")


def _unread(name: str) -> str:
    """Who found no room has a body that was read, and comes again on the same connection.

    Any other body may be unread and ends its connection: said, or the client would send its next request into the end of it.
    What a place has said of this cannot be taken back, so two are needed.
    """
    return _fill("unread.conf", full=full().name, name=name)


def _problem(page: Page, beginning: str) -> str:
    headers = "".join(f'    add_header {name} "{value}" always;\n' for name, value in page.problem.headers.items())
    if beginning:
        headers = f"    keepalive_timeout 0;\n{headers}"
    name = f"{page.name}/unread" if beginning else page.name
    text = _fill("problem.conf", name=name, status=str(page.problem.status), body=page.body(), headers=headers)
    return (beginning + text).rstrip("\n")


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
