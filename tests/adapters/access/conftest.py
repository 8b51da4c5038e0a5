"""One real provider for the tests of logins."""

from collections.abc import Iterator

import pytest

from support.oidc_provider import providing


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers."""
    with providing(tmp_path_factory.mktemp("provider") / "out") as url:
        yield url
