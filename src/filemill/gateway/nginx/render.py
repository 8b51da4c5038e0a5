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
from filemill.chassis.web.accel import HEADER as ACCEL_HEADER
from filemill.chassis.web.accel import PLACE as ACCEL_PLACE
from filemill.chassis.web.authentication import COOKIE, CSRF_HEADER, METHOD_HEADER
from filemill.chassis.web.upload_tokens import PREFIX as UPLOAD_TOKEN
from filemill.gateway.forwarding import TAKEN_OFF
from filemill.gateway.limits import Limits
from filemill.gateway.nginx.options import (
    ADDRESS_BURST,
    ADDRESS_CONNECTIONS,
    ADDRESS_RATE_PER_S,
    HTTP2_BY_DIRECTIVE,
    OLDEST,
    NginxOptions,
)
from filemill.gateway.nginx.problems import pages
from filemill.gateway.page import CONTENT_TYPES
from filemill.gateway.page import HEADERS as PAGE_HEADERS
from filemill.gateway.routes import HIDDEN_FIRST_SEGMENTS, SMALL_BODY_BYTES, Route, build_routes

MAIN = "nginx.conf"
STREAM_S = 7 * 24 * 3600
"""A stream may be silent between its heartbeats; NGINX has no word for never."""
CIPHERS = tuple(
    f"ECDHE-{signature}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signature in ("ECDSA", "RSA")
)
"""Of TLS 1.2: forward secrecy and authenticated encryption only."""
KEPT_CONNECTIONS, KEPT_S = 64, 60
"""Kept to each service, for less time than it keeps them itself (75 s): else a request meets a closing socket."""


class _Text(string.Template):
    """`@{name}` is filled in; `$` is NGINX's own."""

    delimiter = "@"


def render(options: NginxOptions, routes: Sequence[Route] | None = None) -> dict[str, str]:
    """File name -> text, all for one folder; `nginx.conf` includes the others."""
    table = tuple(routes) if routes is not None else build_routes(options.max_file_bytes)
    limits = Limits()
    # NGINX's own way for these names; and what it would pass on that is about one connection only.
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
    access = _upstream(options, "access")
    return _fill(
        MAIN,
        oldest=".".join(map(str, max(OLDEST, options.nginx))),
        user=f"user {options.run_as};\n" if options.run_as else "",
        blobs=_fill("blobs.conf", blobs_dir=options.blobs_dir, place=ACCEL_PLACE) if options.blobs_dir else "",
        work_dir=options.work_dir, error_log=options.error_log, access_log=options.access_log,
        client_head_s=_number(limits.client_head_s), client_idle_s=_number(limits.client_idle_s),
        linger_s=_number(limits.linger_s),
        small_body_bytes=str(SMALL_BODY_BYTES), small_body_words=f"{SMALL_BODY_BYTES:,}",
        limit_zones=_limit_zones(options), limits=_limits(options),
        allowed_hosts=_allowed_hosts(options), scheme=_scheme(options),
        targets="\n".join(_targets(table)), hidden="\n".join(_hidden(table)), body_limits="\n".join(_body_limits(table)),
        cookie=COOKIE, upload_token=UPLOAD_TOKEN,
        upstreams="\n".join(_upstreams(options)), listen="\n".join(_listen(options)), tls=_tls(options),
        trusted=_trusted(options), locations="\n".join(_location(options, route) for route in table),
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
        cookie="$http_cookie" if route.wants_cookie else "$filemill_cookie", upstream=_upstream(options, route.service),
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


# --- pieces of the installation ---


def _upstream(options: NginxOptions, service: str) -> str:
    return f"http://filemill_{service}" if options.keeps_connections else f"http://$filemill_{service}"


def _upstreams(options: NginxOptions) -> Iterator[str]:
    if options.resolver:
        yield "    # Names are looked up again while it runs: a container that was made anew has another address."
        is_file = options.resolver.startswith("/")
        yield f"    include {options.resolver};" if is_file else f"    resolver {options.resolver} valid=5s ipv6=off;"
        yield "    resolver_timeout 2s;"
    for service, addresses in options.upstreams.items():
        if options.keeps_connections:
            yield from _upstream_block(service, addresses, resolve=options.resolver is not None)
        else:
            yield f"    map $host $filemill_{service} {{\n        default {addresses[0]};\n    }}"


def _upstream_block(service: str, addresses: Sequence[str], *, resolve: bool) -> Iterator[str]:
    yield f"    upstream filemill_{service} {{"
    yield f"        zone filemill_{service} 64k;"
    for address in addresses:
        place = f"unix:{address}" if address.startswith("/") else address
        yield f"        server {place} max_fails=1 fail_timeout=1s{' resolve' if resolve else ''};"
    yield f"        keepalive {KEPT_CONNECTIONS};"
    yield f"        keepalive_timeout {KEPT_S}s;"
    yield "    }"


def _listen(options: NginxOptions) -> Iterator[str]:
    for address in options.listen:
        yield f"        listen {address} default_server;"
    by_directive = options.nginx >= HTTP2_BY_DIRECTIVE
    for address in options.tls_listen:
        yield f"        listen {address} ssl{'' if by_directive else ' http2'} default_server;"
    if options.tls_listen and by_directive:
        yield "        http2 on;"


def _tls(options: NginxOptions) -> str:
    if not options.tls_listen:
        return ""
    lines = [
        f"ssl_certificate {options.certificate};",
        f"ssl_certificate_key {options.certificate_key};",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        f"ssl_ciphers {':'.join(CIPHERS)};",
        "ssl_prefer_server_ciphers off;",
        "ssl_session_cache shared:filemill_tls:10m;",
        "ssl_session_timeout 1d;",
        "ssl_session_tickets off;",
    ]
    return "".join(f"        {line}\n" for line in lines)


def _trusted(options: NginxOptions) -> str:
    if not options.trusted_proxies:
        return ""
    lines = [f"set_real_ip_from {proxy};" for proxy in options.trusted_proxies]
    lines += ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
    return "".join(f"        {line}\n" for line in lines)


def _scheme(options: NginxOptions) -> str:
    if not options.trusted_proxies:
        return "    map $scheme $filemill_scheme {\n        default $scheme;\n    }"
    lines = ["    # Only a proxy that is trusted may say that the client came by HTTPS.",
             "    geo $realip_remote_addr $filemill_is_trusted {", "        default 0;",
             *(f"        {proxy} 1;" for proxy in options.trusted_proxies), "    }",
             '    map "$filemill_is_trusted $http_x_forwarded_proto" $filemill_scheme {', "        default $scheme;",
             '        "1 https" https;', '        "1 http" http;', "    }"]  # fmt: skip
    return "\n".join(lines)


def _allowed_hosts(options: NginxOptions) -> str:
    hosts = options.allowed_hosts
    if hosts is None:
        return "    map $host $filemill_misdirected {\n        default 0;\n    }\n"
    lines = ["    # Nobody is asked for credentials: a name of elsewhere that points here must reach nothing (DNS rebinding).",
             "    map $host $filemill_misdirected {", "        default 1;",
             *(f'        "{host}" 0;' for host in sorted(hosts)), "    }", ""]  # fmt: skip
    return "\n".join(lines)


def _limit_zones(options: NginxOptions) -> str:
    if not options.asks_for_credentials or not options.rate_per_s:
        return ""
    lines = [
        "",
        "    # --- how often, from where: a wall before the services, which count exactly and say how much is left ---",
        f"    map $http_authorization$cookie_{COOKIE} $filemill_caller {{",
        '        "" $binary_remote_addr;',
        f"        default $http_authorization$cookie_{COOKIE};",
        "    }",
        f"    limit_req_zone $filemill_caller zone=filemill_callers:10m rate={options.rate_per_s}r/s;",
        f"    limit_req_zone $binary_remote_addr zone=filemill_addresses:10m rate={ADDRESS_RATE_PER_S}r/s;",
        "    limit_conn_zone $binary_remote_addr zone=filemill_connections:10m;",
        "    limit_req_status 429;",
        "    limit_conn_status 429;",
        "    limit_req_log_level warn;",
        "",
    ]
    return "\n".join(lines)


def _limits(options: NginxOptions) -> str:
    if not options.asks_for_credentials or not options.rate_per_s:
        return ""
    lines = [
        f"limit_req zone=filemill_callers burst={options.burst} nodelay;",
        f"limit_req zone=filemill_addresses burst={ADDRESS_BURST} nodelay;",
        f"limit_conn filemill_connections {ADDRESS_CONNECTIONS};",
    ]
    return "".join(f"        {line}\n" for line in lines)


def _identity(access: str, limits: Limits) -> str:
    return _fill("identity.conf", access=access, connect_s=_number(limits.connect_s), method_header=METHOD_HEADER,
                 csrf_header=CSRF_HEADER, csrf_variable=_variable(CSRF_HEADER))  # fmt: skip


# --- the other files ---


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
    return _fill("page.conf", page_dir=options.page_dir, types="\n".join(types), headers="\n".join(lines))


def _fill(name: str, /, **values: str) -> str:
    return _Text(_template(name)).substitute(values)


@cache
def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _number(seconds: float) -> str:
    return f"{seconds:g}"


def _variable(header: str) -> str:
    return header.lower().replace("-", "_")
