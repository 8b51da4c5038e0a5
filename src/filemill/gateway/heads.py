"""Reads HTTP/1 heads: httptools parses, and what two parsers could read differently is refused first.

Not for: bodies (`bodies`). A head is passed on written anew, never as the bytes that came.
On failure: `HeadError` with status and sentence; for a client that is the answer, for a service it means "broken".
Rules: RFC 9112 sections 3, 5 and 6.3 (request line, field syntax, message body length).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import httptools

from filemill.gateway.bodies import ChunkedBody

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
FIELDS = rb"(?:" + TOKEN + rb":[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n"  # no bare CR or LF, no NUL, no folding
REQUEST = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.[01]\r\n" + FIELDS)
RESPONSE = re.compile(rb"HTTP/1\.[01] [1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n" + FIELDS)
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
LENGTH = re.compile(rb"[0-9]{1,18}")
HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
REFUSED_METHODS = frozenset({b"CONNECT", b"TRACE"})

Header = tuple[bytes, bytes, bytes]  # name in lower case, name as written, value without outer blanks


class HeadError(ValueError):
    """A head that is malformed or ambiguous; a retry of the same bytes cannot help."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail, self.status = detail, status


@dataclass
class Head:
    """What is common to both heads, and the httptools callbacks that fill it."""

    headers: list[Header] = field(default_factory=list)
    version: str = "1.1"
    length: int | None = None  # Content-Length; None when there is none
    chunked: bool = False
    wants_close: bool = False
    url: bytes = b""
    body: ChunkedBody = field(default_factory=ChunkedBody)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), name, value))

    def on_message_begin(self) -> None:
        self.body.on_message_begin()

    def on_body(self, piece: bytes) -> None:
        self.body.on_body(piece)

    def on_message_complete(self) -> None:
        self.body.on_message_complete()

    def values(self, name: bytes) -> list[bytes]:
        return [value for lowered, _, value in self.headers if lowered == name]

    def read_framing(self) -> None:
        """Decide how the body is delimited; anything that could be read in two ways is refused."""
        connection: set[bytes] = set()
        lengths, encodings = [], []
        for name, _, value in self.headers:
            if name == b"content-length":
                lengths.append(value)
            elif name == b"transfer-encoding":
                encodings.append(value.lower())
            elif name == b"connection":
                connection.update(token.strip().lower() for token in value.split(b","))
        self.wants_close = self.version == "1.0" or b"close" in connection
        if encodings:
            if lengths or encodings != [b"chunked"] or self.version == "1.0":
                raise HeadError("Transfer-Encoding must be exactly one 'chunked', without Content-Length, in HTTP/1.1.")
            self.chunked = True
        elif lengths:
            if len(lengths) > 1 or not LENGTH.fullmatch(lengths[0]):
                raise HeadError("Content-Length must be one plain number.")
            self.length = int(lengths[0])


@dataclass
class RequestHead(Head):
    method: bytes = b"GET"
    host: bytes = b""

    @property
    def has_body(self) -> bool:
        return self.chunked or bool(self.length)


@dataclass
class ResponseHead(Head):
    status: int = 200


def parse_request(data: bytes, max_headers: int) -> RequestHead:
    """Read one complete request head (up to and with its empty line); raises HeadError."""
    if not REQUEST.fullmatch(data):
        raise HeadError("The request head is not well-formed HTTP/1.1.")
    head = RequestHead()
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass  # an offer to change protocols may be ignored (RFC 9110 section 7.8); the header is not passed on
    except httptools.HttpParserError as error:
        raise HeadError("The request head is not well-formed HTTP/1.1.") from error
    if len(head.headers) > max_headers:
        raise HeadError(f"The request has more than {max_headers} header lines.", 431)
    head.method, head.version = parser.get_method(), parser.get_http_version()
    if head.method in REFUSED_METHODS:
        raise HeadError("This method is not served here.")
    head.read_framing()
    if head.chunked and head.values(b"upgrade"):
        raise HeadError("A chunked request may not ask for an upgrade.")  # the parser stops at an upgrade
    if head.chunked:
        head.body.parser = parser
    hosts = head.values(b"host")
    if len(hosts) > 1 or (not hosts and head.version != "1.0"):
        raise HeadError("The request needs exactly one Host header.")
    head.host = hosts[0] if hosts else b""
    if head.host and not HOST.fullmatch(head.host):
        raise HeadError("The Host header is not a host name or address.")
    return head


def parse_response(data: bytes) -> ResponseHead:
    """Read one complete response head of a service; raises HeadError."""
    if not RESPONSE.fullmatch(data):
        raise HeadError("The answer's head is not well-formed HTTP/1.1.")
    head = ResponseHead()
    parser = httptools.HttpResponseParser(head)
    try:
        parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        raise HeadError("The answer's head is not well-formed HTTP/1.1.") from error
    head.status, head.version = parser.get_status_code(), parser.get_http_version()
    if head.status == 101:
        raise HeadError("The service changed protocols without being asked.")
    head.read_framing()
    if head.chunked:
        head.body.parser = parser
    return head
