"""URLs of servers in settings: what is refused, and that no message shows a password."""

import pytest

from filemill.chassis import server_url
from filemill.chassis.errors import StartError

FORM = "redis://host:6379/0"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("amqp://u:hush@h/", "begins with amqp://"),
        ("u:hush@h", "begins with u://"),
        ("", "begins with nothing://"),
        ("redis:///0", "names no host"),
        ("redis://u:hush@h:port/0", "port cannot be read"),
        ("redis://u:hush@h:0/0", "port cannot be read"),
        ("redis://u:hush@h:65536/0", "port cannot be read"),
        ("redis://u:hush@[::1/0", "port cannot be read"),
        ("redis://u:hu/sh@h/0", "port cannot be read"),
        ("redis://u:1/hush@h/0", "an @ behind its host"),
        ("redis://u:1?hush@h/0", "an @ behind its host"),
        ("redis://u:1#hush@h/0", "an @ behind its host"),
    ],
)
def test_read_when_a_url_is_wrong_then_one_line_says_so_without_the_password(text: str, says: str) -> None:
    """The line names the variable, the problem and a right URL; nothing that was before it holds the password either."""
    with pytest.raises(StartError) as refused:
        server_url.read("REDIS_URL", text, ("redis", "rediss"), FORM)
    line = str(refused.value)
    assert line.startswith("REDIS_URL: ")
    assert says in line
    assert FORM in line
    assert "\n" not in line
    assert "hu" not in line.replace(FORM, "")
    assert refused.value.__cause__ is None


def test_read_when_it_is_right_then_its_parts_are_given() -> None:
    """An escaped password is no reason to refuse."""
    parts = server_url.read("REDIS_URL", "rediss://u:a%40b%2Fc@h:1/2", ("redis", "rediss"), FORM)
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("rediss", "h", 1, "/2")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:hush@h:1/d?password=hush", "u@h:1/d"),
        ("postgresql://h/d", "h:5432/d"),
        ("postgresql://[::1]/d", "[::1]:5432/d"),
    ],
)
def test_shown_then_without_the_password(url: str, shown: str) -> None:
    """What a message may hold of it."""
    assert server_url.shown(url, 5432) == shown
