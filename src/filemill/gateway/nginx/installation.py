"""The parts of NGINX's configuration that differ between installations: where it listens, where services answer, limits.

Not for: what follows from the route table (`render`). On failure: nothing is raised; `NginxOptions` has refused what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from filemill.chassis.web.authentication import COOKIE
from filemill.gateway.nginx.options import (
    ADDRESS_BURST,
    ADDRESS_CONNECTIONS,
    ADDRESS_RATE_PER_S,
    HTTP2_BY_DIRECTIVE,
    NginxOptions,
)

CIPHERS = tuple(
    f"ECDHE-{signature}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signature in ("ECDSA", "RSA")
)
"""Of TLS 1.2: forward secrecy and authenticated encryption only."""

KEPT_CONNECTIONS, KEPT_S = 64, 4
"""Kept to each service, for less time than one that leaves goes on serving (`FILEMILL_DRAIN_S`, 6 s): a connection that is idle
for longer is never used again, so no request meets one that is closing."""
KEPT, BY_NAME = "services-kept.conf", "services-by-name.conf"
"""Two ways of reaching services, for what starts NGINX to choose from."""
_BOUNDED = "_quick"


def upstream(options: NginxOptions, service: str) -> str:
    """The address of a service, as `proxy_pass` takes it."""
    return f"http://filemill_{service}" if options.keeps_connections else f"http://$filemill_{service}"


def bounded_upstream(options: NginxOptions, service: str) -> str:
    """The same for what is short; where connections are kept an instance gets only so much of it at one time."""
    return f"{upstream(options, service)}{_BOUNDED}" if _may_bound(options) else upstream(options, service)


def quiet(options: NginxOptions) -> list[str]:
    """Of what is bounded NGINX would write an error for each that finds no room: a line costs more than the refusal."""
    return [f"error_log {options.error_log} crit;"] if _may_bound(options) else []


def _may_bound(options: NginxOptions) -> bool:
    return options.keeps_connections or options.found_at_start


def upstreams(options: NginxOptions, bounded: Collection[str]) -> Iterator[str]:
    """Where services answer, and how their names are looked up."""
    if options.resolver:
        is_file = options.resolver.startswith("/")
        yield "    # Names are looked up again while it runs: a container that was made anew has another address."
        yield f"    include {options.resolver};" if is_file else f"    resolver {options.resolver} valid=5s ipv6=off;"
        yield "    resolver_timeout 2s;"
    if options.keeps_connections:
        yield from _groups(options, bounded)
    elif not options.found_at_start:
        for service, addresses in options.upstreams.items():
            yield _variable(service, addresses[0])


def choice(options: NginxOptions, bounded: Collection[str]) -> dict[str, str]:
    """File name -> text: both ways, where what starts NGINX chooses."""
    if not options.found_at_start:
        return {}
    kept, by_name = list(_groups(options, bounded)), []
    for service, (address, *_) in options.upstreams.items():
        for name in (service, service + _BOUNDED) if service in bounded else (service,):
            kept.append(_variable(name, f"filemill_{name}"))
            by_name.append(_variable(name, _in_domain(address)))
    return {
        KEPT: "\n".join(["# From NGINX 1.27.3 on: connections are kept, and bounded for what is short.", *kept]),
        BY_NAME: "\n".join(["# For an older NGINX, and where names end with $filemill_domain.", *by_name]),
    }


def _groups(options: NginxOptions, bounded: Collection[str]) -> Iterator[str]:
    resolve = options.resolver is not None
    for service, addresses in options.upstreams.items():
        yield from _upstream_block(service, addresses, resolve=resolve)
        if service in bounded:
            yield from _upstream_block(service + _BOUNDED, addresses, resolve=resolve, at_once=options.at_once)


def _variable(name: str, value: str) -> str:
    return f"    map $host $filemill_{name} {{\n        default {value};\n    }}"


def _in_domain(address: str) -> str:
    if address.startswith(("/", "[")):
        return address
    name, _, port = address.rpartition(":")
    return f"{name}$filemill_domain:{port}"


def _upstream_block(name: str, addresses: Sequence[str], *, resolve: bool, at_once: int | None = None) -> Iterator[str]:
    most = "" if at_once is None else f" max_conns={at_once}"
    yield f"    upstream filemill_{name} {{"
    yield f"        zone filemill_{name} 64k;"
    for address in addresses:
        place = f"unix:{address}" if address.startswith("/") else address
        yield f"        server {place} max_fails=1 fail_timeout=1s{most}{' resolve' if resolve else ''};"
    yield f"        keepalive {KEPT_CONNECTIONS};"
    yield f"        keepalive_timeout {KEPT_S}s;"
    yield "    }"


def listen(options: NginxOptions) -> Iterator[str]:
    """Where it listens."""
    for address in options.listen:
        yield f"        listen {address} default_server;"
    by_directive = options.nginx >= HTTP2_BY_DIRECTIVE
    for address in options.tls_listen:
        yield f"        listen {address} ssl{'' if by_directive else ' http2'} default_server;"
    if options.tls_listen and by_directive:
        yield "        http2 on;"


def tls(options: NginxOptions) -> str:
    """How TLS is spoken."""
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


def trusted(options: NginxOptions) -> str:
    """Whose word on the address of a client counts."""
    if not options.trusted_proxies:
        return ""
    lines = [f"set_real_ip_from {proxy};" for proxy in options.trusted_proxies]
    lines += ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
    return "".join(f"        {line}\n" for line in lines)


def scheme(options: NginxOptions) -> str:
    """By which scheme the client came."""
    if not options.trusted_proxies:
        return "    map $scheme $filemill_scheme {\n        default $scheme;\n    }"
    lines = ["    # Only a proxy that is trusted may say that the client came by HTTPS.",
             "    geo $realip_remote_addr $filemill_is_trusted {", "        default 0;",
             *(f"        {proxy} 1;" for proxy in options.trusted_proxies), "    }",
             '    map "$filemill_is_trusted $http_x_forwarded_proto" $filemill_scheme {', "        default $scheme;",
             '        "1 https" https;', '        "1 http" http;', "    }"]  # fmt: skip
    return "\n".join(lines)


def allowed_hosts(options: NginxOptions) -> str:
    """Under which names it answers."""
    hosts = options.allowed_hosts
    if hosts is None:
        return "    map $host $filemill_misdirected {\n        default 0;\n    }\n"
    lines = ["    # Nobody is asked for credentials: a name of elsewhere that points here must reach nothing (DNS rebinding).",
             "    map $host $filemill_misdirected {", "        default 1;",
             *(f'        "{host}" 0;' for host in sorted(hosts)), "    }", ""]  # fmt: skip
    return "\n".join(lines)


def limit_zones(options: NginxOptions) -> str:
    """What is counted."""
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


def limits(options: NginxOptions) -> str:
    """How much of it may be."""
    if not options.asks_for_credentials or not options.rate_per_s:
        return ""
    lines = [
        f"limit_req zone=filemill_callers burst={options.burst} nodelay;",
        f"limit_req zone=filemill_addresses burst={ADDRESS_BURST} nodelay;",
        f"limit_conn filemill_connections {ADDRESS_CONNECTIONS};",
    ]
    return "".join(f"        {line}\n" for line in lines)
