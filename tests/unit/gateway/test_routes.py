"""The route table is the contract's."""

from __future__ import annotations

import pytest

from filemill.gateway.addresses import TcpAddress, UnixAddress, parse_address
from filemill.gateway.routes import build_routes, find_route

ROUTES = build_routes(max_file_bytes=1000)


@pytest.mark.parametrize(
    ("path", "service", "inner"),
    [
        ("/api/upload/files", "upload", "/files"),
        ("/api/upload", "upload", ""),
        ("/api/metadata/files/1", "metadata", "/files/1"),
        ("/api/ai/models", "ai", "/models"),
        ("/api/processing/jobs", "processing", "/jobs"),
        ("/api/notifications/webhooks", "notification", "/webhooks"),
        ("/api/notifications/events", "notification", "/events"),
        ("/api/access/upload-tokens", "access", "/upload-tokens"),
        ("/api/session", "access", "/session"),
        ("/api/session/oidc", "access", "/session/oidc"),
    ],
)
def test_path_when_it_is_in_the_table_then_its_service_gets_the_rest(path: str, service: str, inner: str) -> None:
    """Prefixes and what is stripped follow CONTRACT section 2."""
    route = find_route(ROUTES, path)
    assert route is not None
    assert (route.service, path[len(route.strip) :]) == (service, inner)
    assert route.streaming is (path == "/api/notifications/events")


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/uploads/x", "/apix", "/api/upload/metrics", "/api/sessions", "/upload"]
)
def test_path_when_it_is_not_in_the_table_then_there_is_no_route(path: str) -> None:
    """A prefix ends at a slash; metrics are hidden."""
    assert find_route(ROUTES, path) is None


def test_upload_when_the_file_limit_is_set_then_forms_have_room_around_it() -> None:
    """A file of exactly the limit fits with its form."""
    route = find_route(ROUTES, "/api/upload/files")
    assert route is not None
    assert route.max_body_bytes > 1000


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:80", TcpAddress("127.0.0.1", 80)), ("[::1]:80", TcpAddress("::1", 80)), ("/a/b", UnixAddress("/a/b"))],
)
def test_address_when_it_is_well_formed_then_it_is_read(text: str, address: object) -> None:
    """Host and port, or a socket's path."""
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "localhost", ":80", "a:", "a:0", "a:99999", "a:b", "relative/path"])
def test_address_when_it_is_malformed_then_the_error_names_it(text: str) -> None:
    """The sentence shows what was written."""
    with pytest.raises(ValueError, match="is not an address"):
        parse_address(text)
