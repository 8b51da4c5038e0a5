"""What `filemill keys` does: it opens access's database, beside the services."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from filemill.access.keys import KeyRing, Wanted
from filemill.access.settings import AccessSettings
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.migrate import migrate
from filemill.chassis.errors import FilemillError, StartError
from filemill.chassis.identity.principal import FILES, GRANTABLE, Scope
from filemill.chassis.settings import load
from filemill.cli import screen
from filemill.cli.durations import seconds_in
from filemill.contracts.access import KEY_LIFE_MOST_S, Key, OwnerId
from filemill.local.runner import give_databases
from filemill.local.settings import RunnerSettings

LISTED_AT_ONCE = 200

T = TypeVar("T")


def create_key(owner: str, scope: list[str] | None, expires: str | None, name: str, *, as_json: bool) -> None:
    """Make a key and print it. Raises `StartError` for what cannot be."""
    wanted = Wanted(_owner(owner), _scopes(scope), name[:100], _seconds(expires))
    made = _with_keys(lambda ring: ring.create(wanted))
    if as_json:
        screen.json_line(made.model_dump(mode="json"))
        return
    screen.say(made.key)
    ends = f"until {made.expires_at:%Y-%m-%d %H:%M} UTC" if made.expires_at else "until it is revoked"
    files = any(scope in FILES for scope in made.scopes)
    what = f"opens the files of {made.owner_id}" if files else "does an operator's work, and opens no file"
    screen.note(f"It {what} ({', '.join(made.scopes)}), {ends}. It is shown only now.")


def show_keys(owner: str | None, *, as_json: bool) -> None:
    """Print every key, newest first."""
    found = _with_keys(lambda ring: _all(ring, owner))
    for key in found:
        if as_json:
            screen.json_line(key.model_dump(mode="json"))
            continue
        used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
        screen.say(
            f"{key.key_id}  {key.shown}…  {key.owner_id:<20} ",
            screen.state(f"{_state(key):<8}"),
            f" {','.join(key.scopes)}  {used}  {key.name}",
        )
    if not found and not as_json:
        screen.note("There are no keys. Make one: filemill keys create --owner NAME")


def revoke_key(key_id: str) -> None:
    """Revoke a key. Raises `StartError` if there is none such."""
    _with_keys(lambda ring: ring.revoke(key_id, None))
    screen.say(f"{key_id} is revoked")


def _with_keys(work: Callable[[KeyRing], Awaitable[T]]) -> T:
    give_databases(load(RunnerSettings))
    settings = load(AccessSettings)
    migrate(settings)

    async def run() -> T:
        database = build_database(settings)
        try:
            return await work(KeyRing(database))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except FilemillError as error:
        raise StartError(error.detail) from error


async def _all(ring: KeyRing, owner: str | None) -> list[Key]:
    found: list[Key] = []
    while page := await ring.page(owner, found[-1].key_id if found else None, LISTED_AT_ONCE):
        found += page
    return found


def _state(key: Key) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= now() else "ready"


def _owner(text: str) -> str:
    try:
        return str(TypeAdapter(OwnerId).validate_python(text))
    except ValidationError as error:
        raise StartError(
            f"--owner {text!r}: letters, digits and . _ @ + -, beginning with a letter or digit, at most 199"
        ) from error


def _scopes(given: list[str] | None) -> frozenset[Scope]:
    asked = {part.strip() for text in given or () for part in text.split(",")}
    unknown = asked - {scope.value for scope in GRANTABLE}
    if unknown:
        raise StartError(f"--scope {', '.join(sorted(unknown))}: there are {', '.join(sorted(GRANTABLE))}")
    return frozenset(Scope(one) for one in asked) or FILES


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = seconds_in(text) or 0
    if not 0 < seconds <= KEY_LIFE_MOST_S:
        raise StartError(f"--expires {text!r}: a number and m, h, d, w or y, at most 10y")
    return float(seconds)
