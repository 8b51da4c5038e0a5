"""Files behind a password: what the page says of them, and what helps."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from reportlab.pdfgen import canvas

from support.console import Visit, keep_picture
from support.mill import Mill

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]


def _protected_pdf() -> bytes:
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer, encrypt="a password")
    document.drawString(72, 700, "A secret agreement")
    document.save()
    return buffer.getvalue()


def test_locked_when_a_password_protects_a_file_then_the_page_says_so_and_a_copy_without_one_opens_it(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """State, reason and the way out in words, on each part that has nothing to show, and on its card and row in the library;
    the copy is a version of the same file.
    """
    file_id = upload("agreement.pdf", _protected_pdf())["file_id"]
    finished(file_id)
    page = visitor(mill).go(f"/files/{file_id}?tab=text")
    expect(page.locator(".fhead .st")).to_contain_text("Needs a password")
    expect(page.locator("[data-locked]")).to_contain_text("Passwords are not taken here.")
    for part in (".viewer", ".ibody"):
        expect(page.locator(part)).to_contain_text("Download it to open it with its password.")
    keep_picture(page, "locked")
    here = visitor(mill)
    for view in ("grid", "list"):
        one = here.go(f"/?view={view}").locator(f"main [data-file='{file_id}']")
        expect(one.locator(".state")).to_have_text("Needs a password")
        keep_picture(here.page, f"locked-{view}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a copy without it").click()
    copy = {"name": "agreement.txt", "mimeType": "text/plain", "buffer": b"A secret agreement, opened"}
    chooser.value.set_files(copy)  # type: ignore[arg-type]
    expect(page.locator(".ibody")).to_contain_text("A secret agreement, opened")
    expect(page.locator("[data-locked]")).to_have_count(0)
    assert client.get(f"/api/metadata/files/{file_id}").json()["version"] == 2
    expect(here.page.locator(f"main [data-file='{file_id}'] .state")).to_have_count(0)


def test_locked_when_only_the_content_of_an_archive_is_protected_then_the_page_says_what_can_be_read(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document], finished: Callable[[str], Document]
) -> None:
    """The names are shown."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("sealed-letter.txt", "sealed")
    # The first bit of an entry's flags says that it is encrypted: once before its data, once in the directory at the end.
    content = bytearray(packed.getvalue())
    for mark, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags_at] |= 1
    file_id = upload("sealed.zip", bytes(content))["file_id"]
    finished(file_id)
    page = visitor(mill).go(f"/files/{file_id}?tab=text")
    expect(page.locator("[data-locked]")).to_contain_text("only the names can be read")
    expect(page.locator(".ibody")).to_contain_text("sealed-letter.txt")
    card = visitor(mill).go("/?q=sealed.zip&view=grid").locator(f"main [data-file='{file_id}']")
    expect(card.locator(".state")).to_have_text("Needs a password")
