"""What the command line says of an error answer."""

import httpx
import pytest

from filemill.cli.api import failure


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("unauthenticated", "This call needs an API key. Set FILEMILL_KEY. (unauthenticated, request r1)"),
        ("not-found", "This call needs an API key. (not-found, request r1)"),
    ],
)
def test_failure_when_a_key_is_missing_then_it_says_where_one_goes(code: str, said: str) -> None:
    """The service speaks of headers, which nobody sets by hand here."""
    problem = {"detail": "This call needs an API key.", "code": code, "request_id": "r1", "retryable": False}
    assert str(failure(httpx.Response(401, json=problem))) == said
