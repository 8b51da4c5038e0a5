"""What both clients need of httpx: an address with its key, a call as a request, what breaks as `MillError`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from filemill import __version__
from filemill.client.errors import MillError
from filemill.client.steps import Answer, Call

URL_DEFAULT = "http://127.0.0.1:8080"
CONNECT_S = 10.0
LONG_S = 300.0
"""For the answer to the last bytes of a large file, which may have to be read again on the other side."""
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where the mill is, and who calls."""

    url: str
    key: str | None

    @classmethod
    def of(cls, url: str | None, key: str | None) -> "Address":
        """What is not given comes from FILEMILL_URL and FILEMILL_KEY."""
        told = url or os.environ.get("FILEMILL_URL") or URL_DEFAULT
        return cls(told.rstrip("/"), key or os.environ.get("FILEMILL_KEY") or None)

    def options(self, timeout_s: float) -> dict[str, Any]:
        """Arguments of an httpx client. Raises `MillError` for what is no address."""
        bad = MillError(
            "bad-address",
            f"FILEMILL_URL is {self.url!r}; it begins with http:// or https://, and the key has no odd characters",
        )
        try:
            parsed = httpx.URL(self.url)
            headers = httpx.Headers({"User-Agent": f"filemill-client/{__version__}", "Accept": "application/json"})
            if self.key:
                headers["Authorization"] = f"Bearer {self.key}"
        except httpx.InvalidURL as error:
            raise bad from error
        except UnicodeEncodeError as error:
            raise MillError("bad-address", "FILEMILL_KEY has characters that none can have") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise bad
        return {"base_url": parsed, "headers": headers, "timeout": httpx.Timeout(timeout_s, connect=CONNECT_S)}


def request_of(client: httpx.Client | httpx.AsyncClient, call: Call, content: Any) -> httpx.Request:
    """The request of a call; `content` is its body as this kind of client wants it."""
    headers = dict(call.headers)
    more: dict[str, Any] = {}
    if call.body is not None:
        headers["Content-Length"] = str(call.body.size_bytes)
        more["content"] = content
    elif call.json is not None:
        more["json"] = call.json
    if call.long:
        more["timeout"] = httpx.Timeout(LONG_S, connect=CONNECT_S)
    return client.build_request(call.method, call.path, params=dict(call.params), headers=headers, **more)


def head_of(response: httpx.Response) -> Answer:
    """An answer before its body."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers)


def broken(error: httpx.HTTPError, url: str) -> MillError:
    """What a connection that did not work becomes."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        hint = "start it with `make up`, or say where it is with FILEMILL_URL"
        return MillError("unreachable", f"nothing answers at {url}; {hint}", retryable=True)
    what = str(error) or type(error).__name__
    return MillError("connection-broken", f"the connection to {url} broke: {what}", retryable=True)
