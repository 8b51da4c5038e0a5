"""Which header lines go on, towards the service and back to the client.

Dropped: what belongs to one connection only (RFC 9110 section 7.6.1), and whatever could pass for something that only
the edge may say: identity, forwarding and tracing headers, and names with an underscore, which many programs read as
a dash (`X_User_Id`). The framing is never copied: it is written from what was understood.
"""

from __future__ import annotations

from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.gateway.answers import REASONS
from filemill.gateway.heads import Head, RequestHead, ResponseHead
from filemill.gateway.identity import Identity
from filemill.gateway.routes import Route

CRLF = "\r\n"
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"te",
        b"trailer",
        b"upgrade",
    }
)
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
ONLY_THE_EDGE_SAYS = frozenset({b"forwarded", b"x-real-ip", b"x-request-id", b"traceparent", b"host"})
ONLY_THE_EDGE_SAYS_PREFIXES = (b"x-filemill-", b"x-user-", b"x-forwarded-")
# For NGINX, which cannot take off by prefix: every name above that somebody might believe, and what belongs to one
# connection and NGINX would pass on. What it says anew or drops by itself is not in it.
TAKEN_OFF = (
    "Forwarded",
    "X-Real-IP",
    "X-User-Id",
    "X-User-Roles",
    "X-Original-Method",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Trailer",
)
NOT_TO_SERVICE = HOP_BY_HOP | FRAMING | ONLY_THE_EDGE_SAYS
NOT_TO_CLIENT = HOP_BY_HOP | FRAMING | {b"x-request-id", b"server", b"x-filemill-identity"}


def request_head(
    head: RequestHead, path: bytes, route: Route, client: str, identity: Identity, caller: str | None = None
) -> bytes:
    """The head a service gets; `path` is what is left after the route's prefix, with the query.

    `caller`: the identity token of whoever calls; then the credentials that `access` has looked at stay here.
    """
    dropped = NOT_TO_SERVICE | _listed_in_connection(head)
    if caller is not None:
        dropped |= {b"authorization"} if route.wants_cookie else {b"authorization", b"cookie"}
    if not identity.continues_trace:
        dropped |= {b"tracestate"}
    host = head.host or b"localhost"
    lines = [head.method + b" " + path + b" HTTP/1.1", b"Host: " + host]
    lines += [
        name + b": " + value
        for lowered, name, value in head.headers
        if lowered not in dropped and b"_" not in lowered and not lowered.startswith(ONLY_THE_EDGE_SAYS_PREFIXES)
    ]
    if head.chunked:
        lines.append(b"Transfer-Encoding: chunked")
    elif head.length is not None:
        lines.append(b"Content-Length: %d" % head.length)
    said = (
        f"X-Forwarded-Prefix: {route.strip}\r\nX-Forwarded-For: {client}\r\nX-Forwarded-Proto: http\r\n"
        f"X-Forwarded-Host: {host.decode('ascii')}\r\n"
        f"X-Request-ID: {identity.request_id}\r\ntraceparent: {identity.traceparent}\r\n"
        f"{f'{IDENTITY_HEADER}: {caller}' + CRLF if caller else ''}\r\n"
    )
    lines.append(said.encode("latin-1"))
    return b"\r\n".join(lines)


def response_head(head: ResponseHead, request_id: str, *, length: int | None, chunked: bool, keep: bool) -> bytes:
    """The head the client gets; `length` and `chunked` are how this connection delimits the body."""
    dropped = NOT_TO_CLIENT | _listed_in_connection(head)
    lines = [b"HTTP/1.1 %d %b" % (head.status, REASONS.get(head.status, b"Unknown"))]
    lines += [name + b": " + value for lowered, name, value in head.headers if lowered not in dropped]
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
    elif length is not None:
        lines.append(b"Content-Length: %d" % length)
    if not keep:
        lines.append(b"Connection: close")
    lines.append(f"X-Request-ID: {request_id}\r\n\r\n".encode("latin-1"))
    return b"\r\n".join(lines)


def _listed_in_connection(head: Head) -> frozenset[bytes]:
    """Names that the Connection header makes hop-by-hop; the framing is ours anyway, so it cannot be dropped by it."""
    values = head.values(b"connection")
    return (
        frozenset(token.strip().lower() for value in values for token in value.split(b",")) if values else frozenset()
    )
