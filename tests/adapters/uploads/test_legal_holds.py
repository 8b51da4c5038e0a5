"""Legal holds on each set of engines: whatever wants a held file gone is refused, at any moment, until it is released."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.uploads.conftest import Installation, Tus
from adapters.uploads.test_children import child, follow, living, made, put, told
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Tx
from filemill.chassis.database.database import hold as hold_key
from filemill.chassis.errors import Conflict, Forbidden, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.web.caller import Caller
from filemill.upload import holds_repository, legal_holds, purge, purges_repository

pytestmark = pytest.mark.long

REASON = "The case of Oslo, 2026-11"
ROUNDS = 12


async def hold(tus: Tus, file_id: str, reason: str = REASON) -> httpx.Response:
    return await tus.client.post(f"/files/{file_id}/hold", json={"reason": reason})


async def release(tus: Tus, file_id: str) -> httpx.Response:
    return await tus.client.delete(f"/files/{file_id}/hold")


async def delete(tus: Tus, file_id: str, *, for_good: bool = False) -> httpx.Response:
    return await tus.client.delete(f"/files/{file_id}", params={"purge": for_good})


def news(installation: Installation) -> list[tuple[str, str | None]]:
    """What the others are told of holds: state, and what was asked for."""
    rows = [
        json.loads(bytes(row[0])) for row in installation.engines.rows("upload", "SELECT body FROM outbox ORDER BY seq")
    ]
    return [(row["data"]["state"], row["data"].get("asked")) for row in rows if row["type"] == "file.hold"]


@pytest.mark.parametrize("for_good", [False, True])
async def test_delete_when_the_file_is_held_then_423_names_the_hold_and_it_is_told(
    installation: Installation, tus: Tus, for_good: bool
) -> None:
    """It stays as it is, with all its versions; after the release it goes."""
    file_id = await put(tus)
    placed = await hold(tus, file_id)
    assert (placed.status_code, placed.json()["reason"], placed.json()["placed_by"]) == (201, REASON, "local")
    (await tus.client.put(f"/files/{file_id}/content", content=b"other words")).raise_for_status()
    refused = await delete(tus, file_id, for_good=for_good)
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (423, "locked", False)
    assert REASON in refused.json()["detail"]
    for version in (1, 2):
        (await tus.client.get(f"/files/{file_id}/content", params={"version": version})).raise_for_status()
    assert (await tus.client.get(f"/files/{file_id}")).json()["hold"] == placed.json()
    assert news(installation) == [("placed", None), ("refused", "purged" if for_good else "deleted")]
    assert (await release(tus, file_id)).status_code == 204
    assert news(installation)[2:] == [("released", None)]
    assert (await delete(tus, file_id, for_good=for_good)).status_code in (202, 204)


async def test_hold_when_asked_again_then_the_same_is_as_it_was_and_another_is_a_conflict(
    installation: Installation, tus: Tus
) -> None:
    """A repeat tells nothing; who releases twice is told that there is none."""
    file_id = await put(tus)
    first = await hold(tus, file_id)
    again = await hold(tus, file_id)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await hold(tus, file_id, "Another case")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert (await tus.client.get(f"/files/{file_id}/hold")).json() == first.json()
    assert [(await release(tus, file_id)).status_code for _ in range(2)] == [204, 404]
    assert (await tus.client.get(f"/files/{file_id}/hold")).status_code == 404
    assert news(installation) == [("placed", None), ("released", None)]


async def test_hold_when_the_file_is_in_the_trash_then_its_time_does_not_end(
    installation: Installation, tus: Tus
) -> None:
    """It is not found by the sweep, nor purged by one that had found it; it may come back, and goes when it is released."""
    held, other = await put(tus), await put(tus, b"another", "b.txt")
    for file_id in (held, other):
        await delete(tus, file_id)
    assert (await hold(tus, held)).status_code == 201
    database = build_database(installation.settings)
    try:
        with pytest.raises(legal_holds.UnderHold):
            await database.write("test", purge.begin, LOCAL, held, "trash", now() + timedelta(days=1))
        assert await purge.expire_trash(database, -1.0) == 1
        assert await database.read(purges_repository.to_purge, "local", other) is None
        page = (await tus.client.get("/holds")).json()
        assert [(one["file_id"], one["deleted_at"] is None) for one in page["items"]] == [(held, False)]
        await release(tus, held)
        assert await purge.expire_trash(database, -1.0) == 1
        assert await database.read(purges_repository.to_purge, "local", held) is None
    finally:
        await database.close()


async def test_hold_when_the_file_is_deleted_at_that_moment_then_what_was_promised_holds(
    installation: Installation, tus: Tus
) -> None:
    """A hold that was answered with 201 keeps the file; a purge that was accepted before it leaves nothing to be held."""
    kept = gone = 0
    for number in range(ROUNDS):
        file_id = await put(tus, b"words %d" % number, f"{number}.txt")
        calls = [hold(tus, file_id), *[delete(tus, file_id, for_good=bool(number % 2)) for _ in range(3)]]
        placed, *deleted = await asyncio.gather(*calls)
        at = await tus.client.get(f"/files/{file_id}/hold")
        assert placed.status_code in (201, 404)
        if placed.status_code == 201:
            kept += 1
            assert at.status_code == 200
            assert all(one.status_code in (204, 404, 423) for one in deleted)
        else:
            gone += 1
            assert at.status_code == 404
            assert [one.status_code for one in deleted].count(202) == 1
    assert kept + gone == ROUNDS


async def test_family_when_a_child_is_held_then_it_stays_until_it_is_released(
    installation: Installation, tus: Tus
) -> None:
    """The parent's purge is not done meanwhile; then the child follows it. The trash does not take it either."""
    parent = await put(tus)
    held, free = await made(tus, parent, "a.txt", b"a"), await made(tus, parent, "b.txt", b"b")
    await hold(tus, held)
    await delete(tus, parent)
    await follow(installation, tus, {held})
    purged = (await delete(tus, parent, for_good=True)).raise_for_status().json()
    await follow(installation, tus, {held})
    assert sorted(told(installation, "file.purged")) == sorted([parent, free])
    assert await confirmed(installation, tus, purged["purge_id"], [parent, free]) is None
    await release(tus, held)
    await follow(installation, tus, set())
    assert held in told(installation, "file.purged")
    assert await confirmed(installation, tus, purged["purge_id"], [held]) is not None


async def confirmed(installation: Installation, tus: Tus, purge_id: str, file_ids: list[str]) -> Any:
    """`done_at` of a purge once the services have confirmed those of these files."""
    database = build_database(installation.settings)
    try:
        for file_id in file_ids:
            its = installation.engines.rows("upload", "SELECT purge_id FROM purges WHERE file_id = ?", file_id)[0][0]
            for service in purge.SERVICES:
                await database.write("test", _confirm, file_id, its, service)
    finally:
        await database.close()
    return (await tus.client.get(f"/purges/{purge_id}")).json()["done_at"]


def _confirm(tx: Tx, file_id: str, purge_id: str, service: str) -> None:
    """As the consumer does it, which holds the file: upload's own confirmation may arrive at the same moment."""
    hold_key(tx, file_id)
    purges_repository.confirm(tx, purge_id, service, {}, now(), purge.SERVICES)


LOCAL = Caller("local", is_admin=False, address=None)
OTHER = Caller("other", is_admin=False, address=None)
ADMIN = Caller("admin", is_admin=True, address=None)


async def test_hold_when_another_asks_then_404_and_an_admins_hold_is_released_by_admins_only(
    installation: Installation, tus: Tus
) -> None:
    """An admin holds everybody's files; the owner sees that, and cannot undo it."""
    file_id = await put(tus)
    database = build_database(installation.settings)
    try:
        for work in (legal_holds.find, legal_holds.release):
            with pytest.raises(NotFound):
                await database.write("test", work, OTHER, file_id)
        with pytest.raises(NotFound):
            await database.write("test", legal_holds.place, OTHER, file_id, REASON)
        row, is_new = await database.write("test", legal_holds.place, ADMIN, file_id, REASON)
        assert (row["owner_id"], row["hold"]["placed_by"], is_new) == ("local", "admin", True)
        with pytest.raises(Forbidden):
            await database.write("test", legal_holds.release, LOCAL, file_id)
        with pytest.raises(Conflict):
            await database.write("test", legal_holds.place, LOCAL, file_id, "mine")
        assert len(await database.read(holds_repository.page, None, 10, None)) == 1
        assert await database.read(holds_repository.page, "other", 10, None) == []
        await database.write("test", legal_holds.release, ADMIN, file_id)
    finally:
        await database.close()


async def test_holds_when_there_are_many_then_come_in_pages_and_each_once(tus: Tus) -> None:
    """By id; a cursor that no list gave out is refused."""
    wanted = [await put(tus, b"%d" % number, f"{number}.txt") for number in range(5)]
    for file_id in wanted:
        await hold(tus, file_id)
    found, cursor = [], None
    while True:
        query: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await tus.client.get("/holds", params=query)).raise_for_status().json()
        found += [one["file_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == sorted(wanted)
    for bad in ("x", "WyJhXHUwMDAwIl0", "W10"):
        assert (await tus.client.get("/holds", params={"cursor": bad})).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "a\x00b"}, {"reason": "x" * 501}, {"reason": 7}]
)
async def test_hold_when_it_makes_no_sense_then_is_refused(tus: Tus, body: dict[str, Any]) -> None:
    """A reason is words; the file must be there."""
    file_id = await put(tus)
    answer = await tus.client.post(f"/files/{file_id}/hold", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert (await hold(tus, new_id())).status_code == 404
    assert (await hold(tus, "nothing")).status_code == 404
    assert file_id in await living(tus)
    assert (await child(tus, file_id)).status_code == 201
