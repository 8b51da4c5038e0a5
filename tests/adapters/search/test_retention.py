"""Retention rules on each set of engines: what matches and is over goes to the trash, once, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.settings import load
from filemill.chassis.web.app import build_app
from filemill.chassis.web.caller import Caller
from filemill.chassis.web.health import HealthState
from filemill.contracts.metadata import DocumentPatch
from filemill.contracts.retention import NewRule, Rule
from filemill.local.installation import Installation, opened, prepare
from filemill.metadata import audit_repository, catalogue, repository, retention, timeline_repository
from filemill.metadata.retention import Retention
from filemill.metadata.rulebook import Rulebook
from filemill.metadata.search.build import build_index
from filemill.metadata.search.indexer import Indexer
from filemill.metadata.settings import MetadataSettings
from filemill.upload import legal_holds, lifecycle
from filemill.upload import repository as upload_rows
from filemill.upload.intake import Intake
from filemill.upload.settings import UploadSettings
from support.asgi import running
from support.small_installation import publish, settle, upload_one

pytestmark = pytest.mark.long

ME = Caller("local", is_admin=True, address=None)
FILES = 5
DAYS = timedelta(days=1)


@dataclass
class World:
    """An installation, its rules over HTTP, and a clock that the test moves."""

    mill: Installation
    client: httpx.AsyncClient
    indexer: Indexer
    retention: Retention
    files: list[str]

    async def index(self) -> None:
        while await self.indexer.index_some():
            pass

    async def run(self, days: float, *, report: bool = False) -> int:
        """A round `days` from now, until every rule has seen all; then everybody hears what it said."""
        loop = (
            Retention(self.mill.parts["metadata"].database, self.retention._index, report=True)
            if report
            else self.retention
        )
        done = await loop.run_once(now() + days * DAYS)
        await settle(self.mill)
        await self.index()
        return done

    async def living(self) -> list[int]:
        """Which of the files are there, by number."""
        rows = await self.mill.parts["upload"].database.read(upload_rows.page, "local", 100, None)
        return sorted(self.files.index(row["file_id"]) for row in rows)

    async def rule(self, query: str, **more: Any) -> dict[str, Any]:
        answer = await self.client.post("/rules", json={"name": "old", "query": query, "after_days": 30} | more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def metadata(self, work: Any, *arguments: Any) -> Any:
        return await self.mill.parts["metadata"].database.write("test", work, *arguments)

    async def upload(self, work: Any, *arguments: Any) -> Any:
        return await self.mill.parts["upload"].database.write("test", work, *arguments)


def tag(tx: Tx, file_id: str, *tags: str) -> None:
    row = repository.get(tx, "local", file_id)
    assert row is not None
    catalogue.patch(tx, row, DocumentPatch(tags=list(tags)))


async def nothing() -> None:
    """The installation is closed by who opened it."""


@pytest.fixture
async def world(each_installation: Path) -> AsyncIterator[World]:
    """Five files, the first two with the tag `temporary`."""
    await asyncio.to_thread(prepare, make=True)
    settings = load(MetadataSettings)
    index = build_index(settings)
    async with opened() as mill:
        database = mill.parts["metadata"].database
        await database.write("test.index", index.create)
        intake = Intake(mill.parts["upload"].database, mill.store, UploadSettings(data_dir=each_installation))
        files = [await upload_one(intake, number) for number in range(FILES)]
        await settle(mill)
        for file_id in files[:2]:
            await database.write("test.tag", tag, file_id, "temporary")
        await settle(mill)
        router = Rulebook(database, index, settings).router()
        indexer = Indexer(database, mill.store, index, settings.index_text_characters)
        async with running(build_app(HealthState("metadata"), [router], summary="Test.", stop=nothing)) as client:
            made = World(mill, client, indexer, Retention(database, index, report=False), files)
            await made.index()
            yield made


async def test_rule_when_the_time_is_over_then_its_files_go_to_the_trash_and_no_others(world: World) -> None:
    """Not before the grace, nor before their day; trail and story say which rule it was; what was done is told."""
    rule = await world.rule("tag:temporary")
    assert await world.run(0.5) == 0
    assert await world.run(29.9) == 0
    assert await world.run(30.5) == 2
    assert await world.living() == [2, 3, 4]
    said = (await world.client.get(f"/rules/{rule['rule_id']}")).json()["last_run"]
    assert {name: said[name] for name in ("looked_at", "due", "held", "asked")} == {
        "looked_at": 2, "due": 2, "held": 0, "asked": 2,
    }  # fmt: skip
    entries = await world.metadata(audit_repository.audit_page, "local", world.files[0], 50, None)
    trail = [(one["action"], one["actor"], one["detail"].get("rule", {}).get("name")) for one in entries]
    assert ("expiring", "system", "old") in trail
    assert ("deleted", "system", "old") in trail
    story = await world.metadata(timeline_repository.timeline_of, world.files[0])
    assert [(one["step"], one["detail"].get("rule")) for one in story if one["service"] == "metadata"][-1] == (
        "retention",
        "old",
    )


async def test_rule_when_it_is_only_reported_or_previewed_then_nothing_is_deleted(world: World) -> None:
    """Both say what it would be, held files apart; the preview of a draft is that of the rule."""
    rule = await world.rule("tag:temporary")
    await world.upload(legal_holds.place, ME, world.files[1], "a case")
    await settle(world.mill)
    await world.index()
    assert await world.run(31, report=True) == 0
    assert await world.living() == list(range(FILES))
    run = (await world.client.get(f"/rules/{rule['rule_id']}")).json()["last_run"]
    assert (run["due"], run["held"], run["asked"]) == (1, 1, 0)
    now_ = (await world.client.get(f"/rules/{rule['rule_id']}/preview")).json()
    assert (now_["looked_at"], now_["due"], now_["held"]) == (0, 0, 0), "what is not over is not looked at"
    page = await world.metadata(
        retention.due, world.retention._index, rule | {"owner_id": "local"}, 0, 100, now() + 31 * DAYS
    )
    assert [row["file_id"] for row in page.due] == [world.files[0]]
    draft = {"query": "tag:temporary", "after_days": 30}
    assert (await world.client.post("/rules/preview", json=draft)).json() == now_


async def test_rule_when_a_file_is_held_then_it_stays_also_when_the_news_comes_late(world: World) -> None:
    """A hold that was placed while the rule already asked wins in upload's transaction; the attempt is in the trail."""
    await world.rule("tag:temporary")
    assert await world.retention.run_once(now() + 31 * DAYS) == 2
    await world.upload(legal_holds.place, ME, world.files[0], "a case")
    await settle(world.mill)
    assert await world.living() == [0, 2, 3, 4]
    entries = await world.metadata(audit_repository.audit_page, "local", world.files[0], 50, None)
    refused = [one for one in entries if one["outcome"] == "refused"]
    assert [(one["action"], one["detail"]["rule"]["name"], one["detail"]["hold"]) for one in refused] == [
        ("deleted", "old", "a case")
    ]
    await world.index()
    assert await world.run(33) == 0
    await world.upload(legal_holds.release, ME, world.files[0])
    await settle(world.mill)
    await world.index()
    assert await world.run(35) == 1
    assert await world.living() == [2, 3, 4]


async def test_rule_when_a_file_changes_meanwhile_then_it_stays(world: World) -> None:
    """Its tag is taken away: before the index knows, after the index was asked, and after upload was."""
    await world.rule("tag:temporary")
    first, second = world.files[:2]
    await world.metadata(tag, first, "kept")
    assert await world.retention.run_once(now() + 31 * DAYS) == 1, "of the first the index says what is no more so"
    await world.metadata(tag, second, "kept")
    await publish(world.mill)
    row = await world.mill.parts["upload"].database.read(upload_rows.get, "local", second)
    assert row is not None
    await settle(world.mill)
    if second not in [world.files[number] for number in await world.living()]:
        # The question was there before the news of the change: the trash is where nothing is lost.
        await world.upload(lifecycle.move, ME, second, None)
        await settle(world.mill)
    await world.index()
    assert await world.run(33) == 0
    assert await world.living() == list(range(FILES))


async def test_rule_when_a_file_was_restored_then_its_time_begins_anew(world: World) -> None:
    """Who brings a file back keeps it."""
    await world.rule("tag:temporary", after_days=10)
    assert await world.run(11) == 2
    await world.upload(lifecycle.move, ME, world.files[0], None)
    await settle(world.mill)
    await world.index()

    def long_ago(tx: Tx) -> None:
        tx.exec_driver_sql("UPDATE documents SET created_at = updated_at")

    await world.metadata(long_ago)
    assert await world.run(9) == 0
    assert await world.run(13) == 1
    assert await world.living() == [2, 3, 4]


async def test_rule_when_it_counts_from_the_last_update_then_a_change_puts_it_off(world: World) -> None:
    """And one that is switched off, or removed, does nothing."""
    rule = await world.rule("tag:temporary", since="updated")
    later = now() + 20 * DAYS

    def touch(tx: Tx) -> None:
        tx.exec_driver_sql(
            "UPDATE documents SET updated_at = ? WHERE file_id = ?" if tx.dialect.name == "sqlite" else
            "UPDATE documents SET updated_at = $1 WHERE file_id = $2",
            (later.strftime("%Y-%m-%d %H:%M:%S.%f") if tx.dialect.name == "sqlite" else later, world.files[0]),
        )  # fmt: skip

    await world.metadata(touch)
    assert await world.run(31) == 1
    assert await world.living() == [0, 2, 3, 4]
    path = f"/rules/{rule['rule_id']}"
    assert (await world.client.patch(path, json={"active": False})).json()["active"] is False
    assert await world.run(60) == 0
    assert (await world.client.patch(path, json={"active": True})).json()["active"] is True
    assert (await world.client.delete(path)).status_code == 204
    assert await world.run(60) == 0
    actions = [one["action"] for one in (await world.client.get(f"{path}/audit")).json()["items"]]
    assert actions == ["rule removed", "rule changed", "rule changed", "rule added"]


async def test_rule_when_there_are_more_files_than_a_round_takes_then_it_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bounded number at a time; two loops at once take each file once."""
    monkeypatch.setattr(retention, "PAGE", 2)
    monkeypatch.setattr(retention, "ASKED_MOST", 2)
    await world.rule("created:>=1970")
    at = now() + 31 * DAYS
    counts = [await world.retention.run_once(at + timedelta(seconds=step)) for step in range(4)]
    assert counts == [2, 2, 1, 0]
    await settle(world.mill)
    assert await world.living() == []


async def test_rule_when_several_hold_it_against_files_at_once_then_each_is_asked_for_once(world: World) -> None:
    """Two instances run the same loop."""
    await world.rule("created:>=1970")
    at = now() + 31 * DAYS
    assert sum(await asyncio.gather(*[world.retention.run_once(at) for _ in range(3)])) == FILES
    await settle(world.mill)
    assert await world.living() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "   "},
        {"query": "-x"},
        {"query": "- *"},
        {"query": "owner:somebody tag:x"},
        {"query": "created:soon"},
        {"query": "size:>huge"},
        {"query": "type:"},
        {"query": "x" * 1001},
        {"query": "x", "after_days": 0},
        {"query": "x", "after_days": 40_000},
        {"query": "x", "after_days": "soon"},
        {"query": "x", "since": "yesterday"},
        {"query": "x", "name": " "},
        {"query": "x", "name": "a\x00"},
        {"query": "x", "name": "n" * 101},
    ],
)
async def test_rule_when_it_makes_no_sense_then_is_refused(world: World, body: dict[str, Any]) -> None:
    """With a sentence that says why, and nothing is kept."""
    answer = await world.client.post("/rules", json={"name": "old", "after_days": 30} | body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request"), answer.text
    assert (await world.client.get("/rules")).json() == {"items": []}


async def test_rules_when_there_are_too_many_or_two_of_a_name_then_409(world: World) -> None:
    """Their number is bounded; another's rule, or none, is 404."""
    rule = await world.rule("x")
    again = await world.client.post("/rules", json={"name": "old", "query": "y", "after_days": 1})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    for number in range(99):
        await world.rule("x", name=f"{number}")
    more = await world.client.post("/rules", json={"name": "one more", "query": "y", "after_days": 1})
    assert (more.status_code, more.json()["code"]) == (409, "too-many-kept")
    listed = (await world.client.get("/rules")).json()["items"]
    assert len(listed) == 100
    assert Rule.model_validate(listed[0]).name == "0"

    def give_away(tx: Tx) -> None:
        tx.exec_driver_sql("UPDATE rules SET owner_id = 'another'")

    await world.metadata(give_away)
    path = f"/rules/{rule['rule_id']}"
    calls = [("GET", path), ("GET", f"{path}/preview"), ("DELETE", path), ("GET", "/rules/nothing")]
    for method, where in calls:
        assert (await world.client.request(method, where)).status_code == 404
    assert (await world.client.patch(path, json={"active": False})).status_code == 404
    assert NewRule(name="a", query="b", after_days=1).active
