"""What `filemill render nginx` takes, and what it refuses before NGINX would read something else than was meant."""

import re

import pytest

from filemill.chassis.errors import StartError
from filemill.gateway import forwarding
from filemill.gateway.heads import parse_request
from filemill.gateway.identity import identify
from filemill.gateway.nginx.options import NginxOptions, read_host, read_trusted, read_upstreams, read_version
from filemill.gateway.nginx.problems import pages
from filemill.gateway.nginx.render import render
from filemill.gateway.routes import build_routes, find_route


@pytest.mark.parametrize(
    "options",
    [
        {"page_dir": "/x; return 200"},
        {"work_dir": "/a b"},
        {"access_log": "/x' evil"},
        {"certificate": "${x}"},
        {"blobs_dir": "/store;"},
        {"run_as": "root;"},
        {"resolver": "1.1.1.1; include /etc/passwd"},
        {"listen": ("0",)},
        {"listen": ("80 ssl",)},
        {"tls_listen": ("x:y",)},
        {"listen": (), "tls_listen": ()},
        {"resolver": "1.1.1.1", "upstreams": read_upstreams(["upload=a:1,b:2"])},
    ],
)
def test_options_when_they_could_be_read_as_directives_or_contradict_then_one_line(options: dict[str, object]) -> None:
    """`StartError` names the option."""
    with pytest.raises(StartError, match="--"):
        NginxOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda text: read_upstreams([text]), "nothing=a:1"),
        (lambda text: read_upstreams([text]), "upload=a"),
        (lambda text: read_upstreams([text]), "upload=a;b:1"),
        (lambda text: read_upstreams([text]), "upload="),
        (lambda text: read_trusted([text]), "everybody"),
        (read_version, "1.18"),
        (read_version, "new"),
        (read_host, "https://"),
        (read_host, "a b"),
    ],
)
def test_text_when_it_is_wrong_then_one_line(read: object, text: str) -> None:
    """`StartError` says what is wanted."""
    with pytest.raises(StartError, match="--"):
        read(text)  # type: ignore[operator]


def test_rendering_when_for_a_newer_nginx_then_names_are_followed_and_connections_kept() -> None:
    """From 1.27.3 an upstream block does both; HTTP/2 has a directive of its own."""
    options = NginxOptions(
        tls_listen=("8443",),
        resolver="10.0.0.2",
        nginx=read_version("1.28"),
        upstreams=read_upstreams(["upload=a:1,b:2"]),
    )
    main = render(options)["nginx.conf"]
    for line in ("server a:1 max_fails=1 fail_timeout=1s resolve;", "server b:2 max_fails=1 fail_timeout=1s resolve;",
                 "keepalive 64;", "http2 on;", "listen 8443 ssl default_server;", "resolver 10.0.0.2 valid=5s"):  # fmt: skip
        assert line in main
    assert "$filemill_upload" not in main


def test_rendering_when_nobody_is_asked_then_no_question_and_no_limits_but_only_names_of_this_machine() -> None:
    """`FILEMILL_AUTH=none`."""
    main = render(NginxOptions(asks_for_credentials=False, public_host="mill.test"))["nginx.conf"]
    assert "auth_request" not in main
    assert "limit_req" not in main
    assert re.findall(r'"(.+)" 0;\n', main[main.index("$filemill_misdirected") :])[:4] == [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "mill.test",
    ]


def test_problems_when_nginx_makes_them_then_every_one_is_a_known_code() -> None:
    """Each status of NGINX once; each code has its page in the docs."""
    statuses = [status for page in pages() for status in page.statuses]
    assert len(statuses) == len(set(statuses))
    assert {400, 403, 404, 405, 413, 421, 429, 494, 500, 502, 503, 504} <= set(statuses)


def test_head_when_the_caller_is_known_then_credentials_stay_and_the_word_goes_on() -> None:
    """Upload gets the cookie, since it counts in the session; nobody gets the key."""
    raw = b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer fm_x\r\nCookie: c=1\r\n\r\n"
    head = parse_request(raw, 100)
    for path, cookie in (("/api/upload/x", True), ("/api/ai/x", False)):
        route = find_route(build_routes(), path)
        assert route is not None
        sent = forwarding.request_head(head, b"/x", route, "127.0.0.1", identify(head, 1.0), "token")
        assert b"x-filemill-identity: token\r\n\r\n" in sent
        assert b"fm_x" not in sent
        assert (b"Cookie: c=1" in sent) is cookie
        bare = forwarding.request_head(head, b"/x", route, "127.0.0.1", identify(head, 1.0))
        assert b"fm_x" in bare
        assert b"identity" not in bare
