"""`deployment/postgresql/databases.sql`: a database and a role for each service, and no way from one into another."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from filemill.chassis.database.build import share_out
from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import ServiceSettings
from filemill.local.runner import WITH_DATA
from support.servers import postgresql
from support.servers.plugin import Servers
from support.servers.postgresql import PostgreSql

pytestmark = pytest.mark.servers

SQL = Path(__file__).parents[3] / "deployment" / "postgresql" / "databases.sql"
PASSWORD = "it's a 'secret' /?#:@"


@pytest.fixture(scope="module")
def server(servers: Servers) -> Iterator[PostgreSql]:
    """A server that asks for passwords, with the script run twice."""
    if postgresql.programs() is None:
        servers.missing("PostgreSQL is not installed (Debian: postgresql)")
    for server in servers.running(PostgreSql(password="administrator")):
        for _ in range(2):
            server.script(SQL, password=PASSWORD)
        yield server


@pytest.fixture(scope="module")
def urls(server: PostgreSql) -> dict[str, str]:
    return share_out(server.url("filemill", "filemill", PASSWORD), WITH_DATA)


def test_share_out_when_there_are_roles_then_each_service_has_its_own(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each migrates its own database as its own role."""
    for service, url in urls.items():
        assert url.endswith(f"/filemill_{service}")
        assert f"//filemill_{service}:" in url
        monkeypatch.setenv(f"FILEMILL_{service.upper()}_DATABASE_URL", url)
        assert migrate(ServiceSettings(service=service, data_dir=tmp_path))


@pytest.mark.parametrize("other", ["access", "metadata", "processing", "ai", "notification", ""])
def test_role_when_it_tries_the_database_of_another_then_it_is_refused(urls: dict[str, str], other: str) -> None:
    """Upload cannot read what metadata keeps."""
    name = f"filemill_{other}" if other else "filemill"
    stranger = urls["upload"].rpartition("/")[0] + f"/{name}"

    async def connect() -> None:
        await asyncpg.connect(stranger)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(connect())
