"""The compressor on each set of engines: what is worth it is compressed, and everybody reads the same bytes all the time."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal_column, select

from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.removals import Remover
from filemill.chassis.storage.store import IsCompressed, SignsLinks
from filemill.upload import compression_repository, purge
from filemill.upload.compression import Compressor
from filemill.upload.reconciler import Reconciler
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from support.compressed import put_packed, words

SIZES = (20_000, 3_000_017)
"""Both forms small; both larger than what the local store keeps in its own database."""


class Mill:
    """A service, and beside it its database and store as another instance would open them."""

    def __init__(self, client: httpx.AsyncClient, settings: UploadSettings, database: Database, store: Any) -> None:
        self.client, self.settings, self.database, self.store = client, settings, database, store

    def compressor(self, **changed: Any) -> Compressor:
        return Compressor(
            self.database,
            self.store,
            self.settings,
            Room(self.settings.data_dir, self.store, 0),
            **{"grace_s": 0.0, "share": 1.0, **changed},
        )

    async def compress(self) -> None:
        while await self.compressor().compress_one():
            pass

    async def remove(self) -> None:
        while await Remover(self.database, self.store, purge.ERASURE.finished).remove_some():
            pass

    async def upload(self, body: bytes, name: str = "notes.txt") -> dict[str, Any]:
        answer = await self.client.post("/files", files={"file": (name, body)})
        found: dict[str, Any] = answer.raise_for_status().json()
        assert found["sha256"] == hashlib.sha256(body).hexdigest()
        return found

    async def row(self, sha256: str) -> dict[str, Any]:
        def read(tx: Any) -> Any:
            return tx.exec_driver_sql(f"SELECT * FROM blobs WHERE sha256 = '{sha256}'").mappings().one()

        return dict(await self.database.read(read))

    async def content(self, file: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.get(f"/files/{file['file_id']}/content", headers=headers)

    async def stats(self) -> tuple[int, int]:
        said = (await self.client.get("/stats")).raise_for_status().json()
        return said["bytes"], said["bytes_stored"]


@pytest.fixture
async def mill(installation: Any) -> AsyncIterator[Mill]:
    """No compressor of the service's own, so that a test says when."""
    changed = installation.settings.model_copy(update={"compression": "off", "compression_after_s": 0.0})
    async with installation.service(compression="off") as tus:
        database, store = build_database(changed), build_store(changed)
        try:
            yield Mill(tus.client, changed, database, store)
        finally:
            await store.close()
            await database.close()


@pytest.mark.parametrize("size", SIZES)
async def test_compress_when_it_is_worth_it_then_bytes_and_hash_are_the_same(mill: Mill, size: int) -> None:
    """Whole, head, ranges, several ranges: before, while both forms are there, and after."""
    body = words(size)
    file = await mill.upload(body)
    before = await mill.stats()
    assert before == (size, size)
    key = (await mill.row(file["sha256"]))["storage_key"]
    for stage in ("plain", "both", "compressed"):
        if stage == "both":
            await mill.compress()
        if stage == "compressed":
            await mill.remove()
            reader = await mill.store.open(key)
            assert isinstance(reader, IsCompressed)
            await reader.close()
        whole = await mill.content(file)
        assert (whole.status_code, whole.content, whole.headers["etag"]) == (200, body, f'"{file["sha256"]}"')
        assert whole.headers["content-length"] == str(size)
        part = await mill.content(file, Range=f"bytes=100-{size // 2}")
        assert (part.status_code, part.content) == (206, body[100 : size // 2 + 1])
        several = await mill.content(file, Range="bytes=0-9,5000-5009,-10")
        assert several.status_code == 206
        assert all(piece in several.content for piece in (body[:10], body[5000:5010], body[-10:]))
    row = await mill.row(file["sha256"])
    assert (row["compression"], row["holder"]) == ("zstd", None)
    infos = {info.key: info.size_bytes async for info in mill.store.list()}
    assert row["stored_size"] == infos[key] < size * 0.9
    assert await mill.stats() == (size, row["stored_size"])
    assert not await mill.compressor().compress_one()


async def test_range_when_it_is_any_then_it_is_that_of_the_original(mill: Mill) -> None:
    """Through HTTP, on frames of the compressor's own."""
    body = words(2_500_000)
    file = await mill.upload(body)
    await mill.compress()
    await mill.remove()
    asked: list[tuple[int, int]] = []

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(body) - 1), st.integers(0, len(body) + 5))
    def plan(first: int, length: int) -> None:
        asked.append((first, first + length))

    plan()
    for first, last in asked:
        part = await mill.content(file, Range=f"bytes={first}-{last}")
        assert (part.status_code, part.content) == (206, body[first : last + 1])


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("noise.bin", random.Random(1).randbytes(100_000), "the first frame does not shrink"),
        (
            "late.bin",
            words(1024 * 1024) + random.Random(2).randbytes(9_000_000),
            "the whole does not shrink by a tenth",
        ),
        ("pack.zip", b"PK\x03\x04" + bytes(100_000), "its type says that it is compressed"),
        ("short.txt", words(10_000), "it is small"),
    ],
)
async def test_compress_when_it_is_not_worth_it_then_it_stays(mill: Mill, name: str, body: bytes, why: str) -> None:
    """It is looked at once, and nothing is left of the try."""
    file = await mill.upload(body, name)
    keys = {info.key: info.size_bytes async for info in mill.store.list()}
    await mill.compress()
    row = await mill.row(file["sha256"])
    assert (row["compression"], row["stored_size"], row["holder"]) == ("none", len(body), None), why
    assert {info.key: info.size_bytes async for info in mill.store.list()} == keys
    with pytest.raises(NotFound):
        await mill.store.open_compressed(row["storage_key"])


async def test_compress_when_it_is_young_or_tiny_then_it_is_left_alone(mill: Mill) -> None:
    """Other services read a new file; what is below a page is never looked at."""
    file = await mill.upload(words(20_000))
    tiny = await mill.upload(words(4000))
    mill.settings = mill.settings.model_copy(update={"compression_after_s": 3600.0})
    assert not await mill.compressor().compress_one()
    assert (await mill.row(file["sha256"]))["compression"] is None
    mill.settings = mill.settings.model_copy(update={"compression_after_s": 0.0})
    await mill.compress()
    assert (await mill.row(tiny["sha256"]))["compression"] is None


async def test_compress_when_several_do_then_each_blob_has_one(mill: Mill) -> None:
    """Instances share the work and never meet."""
    files = [await mill.upload(words(20_000 + number)) for number in range(6)]

    async def work() -> None:
        while await mill.compressor().compress_one():
            pass

    await asyncio.gather(*[work() for _ in range(4)])
    rows = [await mill.row(file["sha256"]) for file in files]
    assert {row["compression"] for row in rows} == {"zstd"}
    await mill.remove()
    for number, file in enumerate(files):
        assert (await mill.content(file)).content == words(20_000 + number)


async def test_compress_when_the_stored_bytes_are_wrong_then_the_plain_form_stays(mill: Mill) -> None:
    """A hash that differs from the row is told, not made the blob."""
    file = await mill.upload(words(20_000))

    def spoil(tx: Any) -> None:
        tx.exec_driver_sql(f"UPDATE blobs SET sha256 = '{'0' * 64}' WHERE sha256 = '{file['sha256']}'")

    await mill.database.write("test.spoil", spoil)
    await mill.compress()
    row = await mill.row("0" * 64)
    assert row["compression"] == "none"
    with pytest.raises(NotFound):
        await mill.store.open_compressed(row["storage_key"])
    assert (await mill.content(file)).content == words(20_000)


async def test_compress_when_the_form_differs_after_it_was_written_then_it_is_dropped(mill: Mill) -> None:
    """The store is read back before anything is said."""
    file = await mill.upload(words(20_000))
    key = (await mill.row(file["sha256"]))["storage_key"]
    real = mill.store.open_compressed

    async def bent(asked: str) -> Any:
        await put_packed(mill.store, key, words(20_000, seed=9))
        return await real(asked)

    mill.store.open_compressed = bent
    await mill.compress()
    mill.store.open_compressed = real
    row = await mill.row(file["sha256"])
    assert (row["compression"], row["stored_size"]) == ("none", 20_000)
    with pytest.raises(NotFound):
        await mill.store.open_compressed(key)
    assert (await mill.content(file)).content == words(20_000)


async def test_compress_when_the_file_is_purged_meanwhile_then_nothing_is_left(mill: Mill) -> None:
    """What was written after the purge goes as well, and the purge ends only after the lease."""
    file = await mill.upload(words(20_000))
    key = (await mill.row(file["sha256"]))["storage_key"]
    real = mill.store.open_compressed

    async def purging(asked: str) -> Any:
        mill.store.open_compressed = real
        answer = await mill.client.delete(f"/files/{file['file_id']}", params={"purge": "true"})
        assert answer.status_code == 202
        await mill.remove()
        return await real(asked)

    mill.store.open_compressed = purging
    assert await mill.compressor(hold_s=30.0).compress_one()
    assert [info async for info in mill.store.list()] == []

    def due(tx: Any) -> float:
        return float(tx.exec_driver_sql(f"SELECT due_at FROM removals WHERE storage_key = '{key}'").scalar())

    assert await mill.database.read(due) > 0


async def test_compress_when_a_holder_died_then_another_does_it_after_the_lease(mill: Mill) -> None:
    """Nothing is held for ever."""
    file = await mill.upload(words(20_000))
    long_ago = purge.now()
    await mill.database.write("test.claim", compression_repository.claim, "dead", long_ago, 30.0, lambda *_: True)
    assert not await mill.compressor().compress_one()

    def expire(tx: Any) -> None:
        tx.exec_driver_sql("UPDATE blobs SET held_until = 1")

    await mill.database.write("test.expire", expire)
    await mill.compress()
    assert (await mill.row(file["sha256"]))["compression"] == "zstd"


async def test_signed_link_when_the_blob_is_compressed_then_it_never_leads_to_the_store(mill: Mill) -> None:
    """On a bucket a plain blob is a 307, a compressed one comes through the service; also one that no row knows of."""
    body = words(20_000)
    file = await mill.upload(body)
    key = (await mill.row(file["sha256"]))["storage_key"]
    link = (await mill.client.post(f"/files/{file['file_id']}/signed-url", json={"expires_in": 60})).json()["url"]
    expected = 307 if isinstance(mill.store, SignsLinks) else 200
    assert (await mill.client.get(link)).status_code == expected
    await put_packed(mill.store, key, body)
    await mill.store.drop_plain(key)
    opened = await mill.client.get(link)
    assert (opened.status_code, opened.content) == (200, body)
    await mill.compress()
    row = await mill.row(file["sha256"])
    assert row["compression"] == "zstd"
    opened = await mill.client.get(link)
    assert (opened.status_code, opened.content) == (200, body)


async def test_reconciler_when_only_the_plain_form_is_there_then_it_is_compressed_again(mill: Mill) -> None:
    """As after a move that met both forms; while the plain one waits for its removal nothing is done."""
    file = await mill.upload(words(20_000))
    key = (await mill.row(file["sha256"]))["storage_key"]
    await mill.compress()

    async def nobody(_keys: Any) -> set[str]:
        return set()

    reconciler = Reconciler(mill.database, mill.store, nobody, grace=purge.timedelta(hours=48), dry_run=False)
    await reconciler.round()
    assert (await mill.row(file["sha256"]))["compression"] == "zstd"
    await mill.store.drop_compressed(key)
    await mill.remove()
    assert (await mill.content(file)).content == words(20_000), "the remover keeps what is whole"
    await reconciler.round()
    row = await mill.row(file["sha256"])
    assert (row["compression"], row["stored_size"]) == (None, 20_000)
    await mill.compress()
    await mill.remove()
    assert (await mill.row(file["sha256"]))["compression"] == "zstd"
    assert (await mill.content(file)).content == words(20_000)


async def test_waits_when_nothing_is_new_then_no_row_is_looked_at(mill: Mill) -> None:
    """The question is asked each half minute, for ever: it goes by the index of what nobody has looked at."""
    asked = select(literal_column("1")).where(compression_repository.to_look_at(purge.now()))
    query = str(asked.compile(compile_kwargs={"literal_binds": True}))

    def explain(tx: Any) -> str:
        is_sqlite = tx.dialect.name == "sqlite"
        if not is_sqlite:
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = tx.exec_driver_sql(f"{'EXPLAIN QUERY PLAN' if is_sqlite else 'EXPLAIN'} {query}")
        return " ".join(str(row) for row in plan.all())

    assert "blobs_open" in await mill.database.read(explain)


async def test_service_when_it_runs_then_compresses_by_itself(installation: Any) -> None:
    """The loop in the service, at its own pace."""
    body = words(200_000)
    async with installation.service(compression="off") as tus:
        file = (await tus.client.post("/files", files={"file": ("a.txt", body)})).raise_for_status().json()
    async with installation.service(compression_after_s=0.0) as tus:
        async with asyncio.timeout(20):
            while (await tus.client.get("/stats")).json()["bytes_stored"] == len(body):  # noqa: ASYNC110  the loop's own pace
                await asyncio.sleep(0.05)
        content = await tus.client.get(f"/files/{file['file_id']}/content")
        assert content.content == body
        shown = (await tus.client.get("/metrics")).text
        assert 'filemill_upload_compression_blobs_total{outcome="compressed"}' in shown
