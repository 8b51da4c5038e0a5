"""The HTTP side of the client commands: one small client over the gateway, with errors a person can act on."""

import os
from collections.abc import Iterator
from typing import Any

import httpx

from filemill import __version__

URL_DEFAULT = "http://127.0.0.1:8080"
TIMEOUT_S = 30.0


class CallFailed(Exception):
    """A call did not succeed. Its text is one line for the terminal; `retryable` says whether trying again may help."""

    def __init__(self, text: str, *, code: str = "", retryable: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.retryable = retryable


class Api:
    """Calls the gateway at `FILEMILL_URL` with the key in `FILEMILL_KEY`."""

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        self.url = (url or os.environ.get("FILEMILL_URL") or URL_DEFAULT).rstrip("/")
        key = key or os.environ.get("FILEMILL_KEY")
        headers = {"User-Agent": f"filemill-cli/{__version__}"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            self._client = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_S)
            usable = self._client.base_url.scheme in ("http", "https") and bool(self._client.base_url.host)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise CallFailed(
                "FILEMILL_URL or FILEMILL_KEY has characters that none can have", code="bad-address"
            ) from error
        if not usable:
            raise CallFailed(f"FILEMILL_URL is {self.url!r}; it begins with http:// or https://", code="bad-address")

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path."""
        shown = {name: value for name, value in params.items() if value is not None}
        return self._json(self.send("GET", path, params=shown))

    def items(self, path: str, **params: Any) -> Iterator[Any]:
        """The items of a list, page after page."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def post(self, path: str, body: Any = None) -> Any:
        """Post JSON, get JSON."""
        return self._json(self.send("POST", path, json=body))

    def patch(self, path: str, body: Any, params: dict[str, str]) -> Any:
        """Patch with JSON, get JSON."""
        return self._json(self.send("PATCH", path, json=body, params=params))

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._checked(self.send("DELETE", path))

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request. Raises `CallFailed` if nobody answers."""
        try:
            return self._client.request(method, path, **more)
        except httpx.ConnectError as error:
            hint = "start it with `make up`, or say where it is with FILEMILL_URL"
            raise CallFailed(f"nothing answers at {self.url}; {hint}", code="unreachable", retryable=True) from error
        except httpx.HTTPError as error:
            text = f"the connection to {self.url} broke: {error or type(error).__name__}"
            raise CallFailed(text, code="broken", retryable=True) from error

    def stream(self, path: str, **params: Any) -> Iterator[bytes]:
        """An answer as it comes. Raises `CallFailed` if it breaks off before its end."""
        try:
            with self._client.stream("GET", path, params=params) as response:
                if not response.is_success:
                    response.read()
                    raise failure(response)
                yield from response.iter_bytes()
        except httpx.HTTPError as error:
            text = f"the connection to {self.url} broke: {error or type(error).__name__}"
            raise CallFailed(text, code="broken", retryable=True) from error

    def _json(self, response: httpx.Response) -> Any:
        try:
            return self._checked(response).json()
        except ValueError as error:
            raise CallFailed(
                f"what answers at {self.url} is not a filemill; see FILEMILL_URL", code="stranger"
            ) from error

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        raise failure(response)


def failure(response: httpx.Response) -> CallFailed:
    """What an error answer says, in one line."""
    try:
        problem = response.json()
        fix = " Set FILEMILL_KEY." if problem["code"] == "unauthenticated" else ""
        text = f"{problem['detail']}{fix} ({problem['code']}, request {problem['request_id']})"
        return CallFailed(text, code=problem["code"], retryable=bool(problem["retryable"]))
    except (ValueError, KeyError, TypeError):
        return CallFailed(
            f"{response.request.url} answered {response.status_code}", retryable=response.status_code >= 500
        )
