"""Pictures made when somebody asks: once, kept, and gone with what they were made of."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.sandbox import Outcome
from filemill.chassis.storage.store import read_all
from filemill.contracts.topics import Topic
from filemill.processing import consumers, on_request
from filemill.processing.errors import RenditionFailed
from filemill.processing.on_request import OnRequest
from filemill.processing.steps.options import Options
from support import samples
from support.processing_service import OpenSandbox, Service
from support.programs import Require

ME = samples.uploaded(new_id()).owner_id
NAMED = "SELECT name, storage_key FROM renditions ORDER BY name"


def pdf(*pages: str) -> bytes:
    """A PDF with a line on each page; the words say which document it is."""
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer, pagesize=(300, 400))
    for text in pages:
        document.drawString(50, 300, text)
        document.showPage()
    document.save()
    return buffer.getvalue()


@pytest.fixture
async def asked(service: Service) -> AsyncIterator[OnRequest]:
    """What makes pictures in the service, with a count of what it ran in `asked.sandbox.runs`."""
    scratch = service.folder / "on-request"
    scratch.mkdir()
    sandbox: Any = OpenSandbox()
    made = OnRequest(service.database, service.store, sandbox, scratch)
    yield made
    await made.close()


async def processed(service: Service, body: bytes, filename: str, content_type: str) -> str:
    """A file after its run."""
    service.start_worker()
    file_id = await service.upload(body, filename, content_type=content_type)
    await service.ended()
    return file_id


async def picture(service: Service, row: Any) -> Image.Image:
    return Image.open(io.BytesIO(await read_all(service.store, row["storage_key"], 1 << 20)))


async def test_page_when_asked_for_then_it_is_made_once_and_kept(service: Service, asked: OnRequest) -> None:
    """By two at the same time and by one later: one run, one row, one picture."""
    file_id = await processed(service, pdf("one", "two"), "a.pdf", "application/pdf")
    both = await asyncio.gather(*[asked.rendition(ME, file_id, "page-2") for _ in range(2)])
    later = await asked.rendition(ME, file_id, "page-2")
    assert {row["storage_key"] for row in (*both, later)} == {later["storage_key"]}
    assert asked.sandbox.runs == [["identify", "pdf_page"]]  # type: ignore[attr-defined]
    assert later["made_by"] == {"asked": True, "steps": {"pdf_page": 2}}
    assert (await picture(service, later)).size == (1200, 1600)
    assert [name for name, _ in await service.rows(NAMED)] == ["page-2", "preview", "text", "thumbnail"]
    assert list(asked.scratch.iterdir()) == []


async def test_page_when_it_is_of_an_office_document_then_it_is_drawn_too(
    service: Service, asked: OnRequest, require: Require
) -> None:
    """By LibreOffice; switched off, the answer says so."""
    require("soffice")
    file_id = await processed(service, rb"{\rtf1\ansi Harbour minutes\par}", "a.rtf", "application/rtf")
    asked.options = Options(office_engine="off")
    with pytest.raises(RenditionFailed, match="FILEMILL_OFFICE_ENGINE"):
        await asked.rendition(ME, file_id, "page-1.png")
    asked.options = Options()
    row = await asked.rendition(ME, file_id, "page-1.png")
    assert row["made_by"] == {"asked": True, "steps": {"office_page": 1}}
    assert max((await picture(service, row)).size) == 1600


async def test_page_when_it_is_kept_between_looking_and_making_then_it_is_not_made_again(
    service: Service, asked: OnRequest
) -> None:
    """One who looked before it was there, and whose turn comes when it is."""
    file_id = await processed(service, pdf("one"), "a.pdf", "application/pdf")
    looked, go_on = asyncio.Event(), asyncio.Event()

    class LooksEarly:
        """The database, which keeps the first answer back until told."""

        def __getattr__(self, name: str) -> Any:
            return getattr(service.database, name)

        async def read(self, *asking: Any) -> Any:
            answer = await service.database.read(*asking)
            if not looked.is_set():
                looked.set()
                await go_on.wait()
            return answer

    asked.database = LooksEarly()  # type: ignore[assignment]
    late = asyncio.create_task(asked.rendition(ME, file_id, "page-1"))
    await looked.wait()
    first = await asked.rendition(ME, file_id, "page-1")
    go_on.set()
    assert (await late)["storage_key"] == first["storage_key"]
    assert len(asked.sandbox.runs) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["card", "page-1"])
async def test_picture_when_a_second_process_makes_it_too_then_one_stays(
    service: Service, asked: OnRequest, name: str
) -> None:
    """Whoever is later gets the first one's, and what it made itself is removed."""
    file_id = await processed(service, pdf("one"), "a.pdf", "application/pdf")
    sandbox: Any = OpenSandbox()
    other = OnRequest(service.connect(), service.store, sandbox, asked.scratch)

    async def meanwhile() -> None:
        asked.sandbox.before = None  # type: ignore[attr-defined]
        firsts.append(await other.rendition(ME, file_id, name))

    firsts: list[Any] = []
    asked.sandbox.before = meanwhile  # type: ignore[attr-defined]
    row = await asked.rendition(ME, file_id, name)
    await other.database.close()
    assert row["storage_key"] == firsts[0]["storage_key"]
    assert len(await service.rows("SELECT storage_key FROM removals")) == 1


async def test_card_when_asked_for_then_it_is_the_preview_made_smaller(service: Service, asked: OnRequest) -> None:
    """Of anything that has a preview."""
    file_id = await processed(service, pdf("one"), "a.pdf", "application/pdf")
    row = await asked.rendition(ME, file_id, "card")
    assert (await picture(service, row)).size == (480, 640)
    assert (row["width"], row["height"], row["content_type"]) == (480, 640, "image/webp")


@pytest.mark.parametrize(
    ("name", "said"),
    [("page-3", "The document has 2 pages."), ("page-0", "no rendition"), ("poster", "no rendition")],
)  # fmt: skip
async def test_picture_when_there_is_none_of_that_name_then_it_is_said(
    service: Service, asked: OnRequest, name: str, said: str
) -> None:
    """In words; nothing is kept."""
    file_id = await processed(service, pdf("one", "two"), "a.pdf", "application/pdf")
    with pytest.raises(NotFound, match=said):
        await asked.rendition(ME, file_id, name)
    assert name not in dict(await service.rows(NAMED))


async def test_picture_when_the_file_has_no_pages_or_is_not_mine_then_there_is_none(
    service: Service, asked: OnRequest
) -> None:
    """Text has no pages and no preview; somebody else's file is no file."""
    file_id = await processed(service, b"some words", "a.txt", "text/plain")
    for owner, name in ((ME, "page-1"), (ME, "card"), ("somebody", "thumbnail")):
        with pytest.raises(NotFound):
            await asked.rendition(owner, file_id, name)
    assert asked.sandbox.runs == []  # type: ignore[attr-defined]


async def test_page_when_the_file_is_deleted_meanwhile_then_nothing_is_kept(service: Service, asked: OnRequest) -> None:
    """The row is written only while the file lives; the blob is removed."""
    file_id = await processed(service, pdf("one"), "a.pdf", "application/pdf")
    asked.sandbox.before = lambda: delete(service, file_id)  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        await asked.rendition(ME, file_id, "page-1")
    assert "page-1" not in dict(await service.rows(NAMED))
    assert len(await service.rows("SELECT storage_key FROM removals")) == 1


async def test_page_when_there_is_a_new_version_then_it_is_that_ones(service: Service, asked: OnRequest) -> None:
    """A page of the version before is not shown for it."""
    file_id = await processed(service, pdf("one", "two"), "a.pdf", "application/pdf")
    old = await asked.rendition(ME, file_id, "page-1")
    body = pdf("quite another", "b", "c")
    key = f"{old['storage_key'][:-4]}beef"
    writer = await service.store.create(key)
    await writer.write(body)
    await writer.commit()
    await service.tell(file_id, key, body, "a.pdf", content_type="application/pdf", version=2)
    await service.ended()
    new = await asked.rendition(ME, file_id, "page-1")
    assert new["version"] == 2
    assert (await picture(service, new)).tobytes() != (await picture(service, old)).tobytes()


async def test_page_when_the_sandbox_fails_then_it_is_said_and_can_be_asked_again(
    service: Service, asked: OnRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed is not remembered: a full machine is no property of the file."""
    file_id = await processed(service, pdf("one"), "a.pdf", "application/pdf")

    async def run(*_args: Any, **_more: Any) -> Outcome:
        return Outcome("timeout", None, "timeout", "It took too long.", 1.0, 0)

    with monkeypatch.context() as patch:
        patch.setattr(asked.sandbox, "run", run)
        with pytest.raises(RenditionFailed, match="too long"):
            await asked.rendition(ME, file_id, "page-1")
    assert await asked.rendition(ME, file_id, "page-1")


async def test_pages_when_too_many_are_asked_for_at_once_then_some_are_told_to_come_back(
    service: Service, asked: OnRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded, and those in it are served."""
    monkeypatch.setattr(on_request, "WAITING_MOST", 3)
    file_id = await processed(service, pdf(*"abcde"), "a.pdf", "application/pdf")
    go_on = asyncio.Event()
    asked.sandbox.before = go_on.wait  # type: ignore[attr-defined]
    tasks = [asyncio.create_task(asked.rendition(ME, file_id, f"page-{number}")) for number in range(1, 6)]
    turned_away = asyncio.as_completed(tasks, timeout=30)
    for _ in range(2):  # nobody else can end before the sandbox goes on
        with pytest.raises(Unavailable):
            await next(turned_away)
    go_on.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, Unavailable)]
    assert len(refused) == 2
    assert {one.retry_after_s for one in refused} == {on_request.RETRY_AFTER_S}
    assert sum(name.startswith("page-") for name, _ in await service.rows(NAMED)) == 3


async def delete(service: Service, file_id: str) -> None:
    """To the trash."""
    event = samples.event(Topic.DELETED, samples.lifecycle(file_id, change=1))
    await service.database.write("test.deleted", lambda tx: consumers.on_deleted(tx, event))


def wide() -> bytes:
    """A picture of four colours side by side, larger than a preview."""
    made = Image.new("RGB", (2400, 600))
    for at, colour in enumerate(("red", "lime", "blue", "white")):
        made.paste(colour, (at * 600, 0, at * 600 + 600, 600))
    buffer = io.BytesIO()
    made.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "size", "colour"),
    [
        ("custom-300x300-inside.webp", (300, 75), (255, 0, 0)),
        ("custom-0x50-inside.png", (200, 50), (255, 0, 0)),
        ("custom-300x300-cover.jpeg", (300, 300), (0, 255, 0)),  # from the middle
        ("custom-2000x0-inside.avif", (2000, 500), (255, 0, 0)),  # more than the preview has
        ("custom-4000x4000-inside.webp", (2400, 600), (255, 0, 0)),  # never larger than it is
        ("custom-1200x1200-cover.png", (600, 600), (0, 255, 0)),
    ],
)
async def test_conversion_when_asked_for_then_it_has_size_shape_and_format(
    service: Service, asked: OnRequest, name: str, size: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Upright pictures only; the second time it is there."""
    file_id = await processed(service, wide(), "a.png", "image/png")
    row = await asked.rendition(ME, file_id, name)
    made = await picture(service, row)
    assert (made.size, (row["width"], row["height"])) == (size, size)
    assert row["content_type"] == f"image/{made.format.lower()}" == f"image/{name.rpartition('.')[2]}"
    assert all(
        abs(ours - wanted) < 12 for ours, wanted in zip(made.convert("RGB").getpixel((5, 5)), colour, strict=True)
    )
    assert (await asked.signed(file_id, name))["storage_key"] == row["storage_key"]
    assert len(asked.sandbox.runs) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["custom-0x0-inside.webp", "custom-5000x1-inside.webp", "custom-9x9-inside.gif", "custom-"]
)
async def test_conversion_when_it_is_none_we_make_then_there_is_nothing(
    service: Service, asked: OnRequest, name: str
) -> None:
    """A name decides nothing that the signed parameters could not."""
    file_id = await processed(service, wide(), "a.png", "image/png")
    with pytest.raises(NotFound):
        await asked.rendition(ME, file_id, name)


async def test_conversions_when_there_are_too_many_then_the_oldest_go(
    service: Service, asked: OnRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their blobs too; the file's own renditions stay."""
    monkeypatch.setattr(on_request, "CONVERSIONS_MOST", 2)
    file_id = await processed(service, wide(), "a.png", "image/png")
    for side in (10, 20, 30):
        await asked.rendition(ME, file_id, f"custom-{side}x0-inside.webp")
    kept = [name for name, _ in await service.rows(NAMED)]
    assert kept == ["custom-20x0-inside.webp", "custom-30x0-inside.webp", "preview", "thumbnail"]
    assert len(await service.rows("SELECT storage_key FROM removals")) == 1


async def test_card_when_avif_is_set_then_it_is_made_of_a_preview_that_is_avif(
    service: Service, asked: OnRequest
) -> None:
    """A preview of either kind can be read, and the card is what is set now."""
    file_id = await processed(service, wide(), "a.png", "image/png")
    asked.options = Options(picture_format="avif")
    card = await asked.rendition(ME, file_id, "card")
    assert ((await picture(service, card)).format, card["content_type"]) == ("AVIF", "image/avif")
