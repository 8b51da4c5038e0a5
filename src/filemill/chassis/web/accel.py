"""A file that NGINX sends itself: the answer names it (`X-Accel-Redirect`), and its bytes never pass through this process.

NGINX says with each request that it can (`HEADER`, which nobody outside may set), and answers ranges by itself. Used only where
it cannot read a request differently than we do: the whole file, or one plain range.
Not for: blobs that are compressed, in rows, or in a store elsewhere.
"""

from collections.abc import Mapping

from fastapi import Response

from filemill.chassis.storage.keys import FOLDER

HEADER = "x-filemill-accel"
PLACE = "/_blobs/"
"""NGINX's internal address of the folder with the blobs."""
_NGINX_SAYS = frozenset({"content-length", "content-range", "accept-ranges"})
_READ_DIFFERENTLY = ("if-range", "if-match", "if-unmodified-since", "if-modified-since")


def is_offered(headers: Mapping[str, str], status: int) -> bool:
    """Whether NGINX stands before us and would choose the same bytes; `status`: 200 or 206, as we chose them."""
    if headers.get(HEADER) != "on" or any(name in headers for name in _READ_DIFFERENTLY):
        return False
    return (status == 206) is ("range" in headers)


def accel_response(key: str, headers: Mapping[str, str]) -> Response:
    """The answer in place of the blob's bytes."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _NGINX_SAYS}
    return Response(headers={**kept, "X-Accel-Redirect": PLACE + key.removeprefix(FOLDER)})
