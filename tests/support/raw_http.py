"""Requests as bytes, for tests that send what no client library would."""

BOUNDARY = b"x7QK4"
CRLF = b"\r\n"


def request(method: str, path: str, *headers: str, body: bytes = b"", length: str | None = None) -> bytes:
    """A request; `length` is the Content-Length that is claimed, "" for none."""
    claimed = str(len(body)) if length is None else length
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *headers,
        *([f"Content-Length: {claimed}"] if claimed else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def part(disposition: bytes, body: bytes, *headers: bytes) -> bytes:
    """One part of a form."""
    head = CRLF.join([b"Content-Disposition: form-data; " + disposition, *headers])
    return b"--" + BOUNDARY + CRLF + head + CRLF * 2 + body + CRLF


def file_part(body: bytes, *headers: bytes, name: bytes = b'"a.bin"') -> bytes:
    """The part that is the file."""
    return part(b'name="file"; filename=' + name, body, *headers)


def post(*parts: bytes, end: bytes = b"--" + BOUNDARY + b"--" + CRLF, kind: str | None = None) -> bytes:
    """A form."""
    declared = kind or f"multipart/form-data; boundary={BOUNDARY.decode()}"
    return request("POST", "/files", f"Content-Type: {declared}", body=b"".join(parts) + end)
