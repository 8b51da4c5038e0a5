"""One URL for the whole mill: service X gets the database `<name>_<x>`, made if it is missing and this user may.

Service X connects as the role `<user>_<x>` where the server has one (with the same password), else as the user of the URL.
"""

from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

import asyncpg

from filemill.chassis import server_url
from filemill.chassis.database.postgresql_engine import CONNECT_S
from filemill.chassis.database.postgresql_migration import PROBLEMS, problem
from filemill.chassis.errors import StartError


async def share_out(url: str, services: Iterable[str]) -> dict[str, str]:
    """The URL of each service. Raises `StartError` if the server cannot be asked or a database cannot be made."""
    parts = urlsplit(url)
    user, name = unquote(parts.username or ""), unquote(parts.path.strip("/"))
    connection = await _connect(url, name)
    try:
        roles = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
        urls = {}
        for service in services:
            own = f"{user}_{service}" if f"{user}_{service}" in roles else user
            database = f"{name}_{service}"
            if database not in databases:
                await _create(connection, database, own)
            password = f":{parts.password}" if parts.password is not None else ""
            login = f"{quote(own)}{password}@" if own else ""
            where = parts.netloc.rpartition("@")[2]
            urls[service] = parts._replace(netloc=f"{login}{where}", path=f"/{quote(database)}").geturl()
        return urls
    finally:
        connection.terminate()


async def _connect(url: str, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """To the named database if it is there, else to the one every server has."""
    named = server_url.shown(url, 5432)
    for database in (name, "postgres"):
        try:
            target = urlsplit(url)._replace(scheme="postgresql", path=f"/{quote(database)}").geturl()
            return await asyncpg.connect(target, timeout=CONNECT_S, statement_cache_size=0)
        except asyncpg.InvalidCatalogNameError:
            continue
        except PROBLEMS as error:
            raise StartError(f"DATABASE_URL: {named}: {problem(error)}") from error
    raise StartError(f"DATABASE_URL: {named}: neither this database nor 'postgres' is there; create it")


async def _create(connection: "asyncpg.Connection[asyncpg.Record]", database: str, owner: str) -> None:
    statement = f'CREATE DATABASE "{database}"' + (f' OWNER "{owner}"' if owner else "")
    try:
        await connection.execute(statement)
    except asyncpg.DuplicateDatabaseError:
        return
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartError(
            f"DATABASE_URL: the database {database} is missing and this user may not make it; as an administrator: {statement}"
        ) from error
