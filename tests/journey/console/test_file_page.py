"""One file in the console: evidence on the page, changes, versions, links, the story."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.console import Visit, keep_picture
from support.mill import Mill, wait_for
from support.programs import Require

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]


def test_evidence_when_a_finding_is_clicked_then_its_place_lights_up_on_the_right_page(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """The lit box covers what the API says, in shares of the page; the address holds it, so a reload lights it again."""
    file = samples["invoice.pdf"]
    entities = next(one for one in file["findings"] if one["capability"] == "entities")["result"]["entities"]
    at, total = next((at, one) for at, one in enumerate(entities) if one["kind"] == "total")
    page = visitor(mill).go(f"/files/{file['file_id']}")
    page.locator(f".fi[data-fact='entities-{at}']").click()
    page.wait_for_url(f"**page={total['page']}*finding=entities-{at}")
    for _ in range(2):
        lit = page.locator(".ev.on rect")
        expect(lit).to_have_count(1)
        expect(page.locator(".stage")).to_have_attribute("aria-label", f"Page {total['page']} of 2")
        shares = lit.evaluate(
            """(rect) => {
              const [box, sheet] = [rect.getBoundingClientRect(), rect.closest("svg").getBoundingClientRect()];
              return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height, box.width / sheet.width];
            }"""
        )
        box = total["box"]
        assert shares == pytest.approx([box["left"], box["top"], box["width"]], abs=0.02)
        page.reload()
    keep_picture(page, "file")


def test_strip_when_a_page_was_turned_to_then_it_shows_its_picture(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """A picture of a page is made when somebody turns to it; until then its place in the strip is blank."""
    page = visitor(mill).go(f"/files/{samples['invoice.pdf']['file_id']}")
    second = page.locator(".pages li").nth(1)
    expect(second.locator(".blank")).to_have_count(1)
    page.keyboard.press("]")
    expect(page.locator(".stage")).to_have_attribute("aria-label", "Page 2 of 2")
    picture = second.get_by_role("img", name="Page 2 of 2")
    expect(picture).to_be_visible()
    wait_for(lambda: picture.evaluate("(one) => one.complete && one.naturalWidth") > 0, "its picture")
    keep_picture(page, "pages")


def test_words_when_a_page_is_pointed_at_then_they_can_be_selected_where_they_stand(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], client: httpx.Client
) -> None:
    """The picture of a page carries its words: a line that is swept over is what the service read there."""
    file = samples["invoice.pdf"]
    page = visitor(mill).go(f"/files/{file['file_id']}")
    page.locator(".stage").hover()
    first = client.get(file["links"]["text"], params={"format": "json"}).json()["pages"][0]
    lines = [first["text"][line["start"] : line["end"]] for line in first["lines"]]
    expect(page.locator(".words")).to_have_text(lines)
    line = page.locator(".words", has_text="Quartz cuvette").bounding_box()
    assert line
    middle = line["y"] + line["height"] / 2
    page.mouse.move(line["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(line["x"] + line["width"] - 1, middle, steps=5)
    page.mouse.up()
    assert "cuvette" in page.evaluate("getSelection().toString()")


def test_title_and_tags_when_changed_then_the_api_has_them(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """E edits the title; a tag and a field come and go; each is in the API and stays after a reload."""
    file_id = upload("plain-name.txt", b"something to rename")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}")
    expect(page.locator("h1 .name")).to_have_attribute("title", "plain-name.txt")
    page.keyboard.press("e")
    page.get_by_label("Title").fill("A better name")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("New tag").fill("kept")
    page.keyboard.press("Enter")
    wait_for(
        lambda: (
            [client.get(f"/api/metadata/files/{file_id}").json()[name] for name in ("title", "tags")]
            == ["A better name", ["kept"]]
        ),
        "title and tag",
    )
    here.go(f"/files/{file_id}?tab=properties")
    page.get_by_role("button", name="Add a field").click()
    page.get_by_label("Name", exact=True).fill("shelf")
    page.get_by_label("Value", exact=True).fill("12")
    page.keyboard.press("Enter")
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").json()["custom"] == {"shelf": 12}, "the field")
    page.get_by_role("button", name="Remove the field shelf").click()
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").json()["custom"] == {}, "no field")
    page.reload()
    expect(page.locator("h1 .name")).to_have_attribute("title", "A better name")
    page.get_by_role("button", name="Remove the tag kept").click()
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").json()["tags"] == [], "no tag")


def test_delete_when_done_on_the_file_page_then_undo_brings_it_back(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """The menu deletes, the message undoes; an address of a deleted file says so and restores it."""
    file_id = upload("to-and-fro.txt", b"to the trash and back")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}")
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("menuitem", name="Delete")).to_be_in_viewport(ratio=1)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator(".toast")).to_contain_text("to-and-fro.txt is in the trash")
    assert client.get(f"/api/upload/files/{file_id}").status_code == 404
    here.go(f"/files/{file_id}")
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator("h1")).to_contain_text("to-and-fro")
    assert client.get(f"/api/upload/files/{file_id}").status_code == 200


def test_share_when_a_link_is_made_then_it_opens_the_bytes_until_it_is_taken_back(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], client: httpx.Client
) -> None:
    """The link of the dialog works without the page, and not after "Take back"."""
    page = visitor(mill).go(f"/files/{samples['notes.txt']['file_id']}")
    page.get_by_role("button", name="Share").click()
    page.get_by_label("Note, for yourself").fill("for the test")
    page.get_by_role("button", name="Make a link", exact=True).click()
    link = page.locator(".secret code").first.inner_text()
    assert len(httpx.get(link).content) == samples["notes.txt"]["size"]
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("dialog")).to_contain_text("taken back")
    assert httpx.get(link).status_code == 403


def test_tabs_when_opened_then_they_show_what_the_api_knows(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """Text, properties, versions and the audit trail, each under its own address."""
    file = samples["letter.docx"]
    here = visitor(mill)
    page = here.go(f"/files/{file['file_id']}?tab=text")
    expect(page.locator(".readtext")).to_contain_text("Lindenhof")
    page.get_by_role("tab", name="Properties").click()
    expect(page.locator(".ibody")).to_contain_text(file["sha256"])
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator(".ibody")).to_contain_text("current")
    page.get_by_role("tab", name="Audit").click()
    expect(page.locator(".trail")).to_contain_text("uploaded")


def test_preview_when_the_file_is_a_table_or_sound_then_it_is_shown_as_such(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """CSV as a table with its head; sound with a player whose length is known."""
    here = visitor(mill)
    page = here.go(f"/files/{samples['sales.csv']['file_id']}")
    expect(page.locator(".sheet tbody tr")).to_have_count(48)
    here.go(f"/files/{samples['tone.wav']['file_id']}")
    # Not `wait_for_function`: it evaluates a text inside the page, which the page's policy forbids.
    wait_for(
        lambda: page.evaluate("document.querySelector('audio')?.duration > 0.5"), "the sound to be known", every_s=0.1
    )


def test_story_when_it_is_told_then_every_step_of_the_timeline_is_a_row_with_its_reason(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], client: httpx.Client
) -> None:
    """The sentence is the service's; a row opens to its request id."""
    file_id = samples["invoice.pdf"]["file_id"]
    timeline = client.get(f"/api/metadata/files/{file_id}/timeline").json()
    page = visitor(mill).go(f"/files/{file_id}")
    expect(page.locator("[data-why]")).to_contain_text(timeline["why"])
    steps = [one for one in timeline["items"] if one["step"] not in ("queue", "try", "plan", "analysis")]
    expect(page.locator(".hop:not(.w)")).to_have_count(len(steps))
    page.locator(".hop .sr").first.click()
    expect(page.locator(".hop .more code")).to_have_text(timeline["items"][0]["request_id"])


def test_hostile_content_when_opened_then_no_script_of_it_runs(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document], finished: Callable[[str], Document]
) -> None:
    """SVG, HTML and PDF with scripts: the page shows pictures or text; the content itself, opened, is in a sandbox."""
    script = "<script>document.title = 'ran'; fetch('/ran-' + 'by-content')</script>"
    size = 'width="9" height="9"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} onload="alert(1)">{script}<rect {size}/></svg>'
    html = f"<!doctype html><h1>hello</h1><img src=x onerror=alert(1)>{script}"
    here = visitor(mill)
    for name, content in (("drawing.svg", svg.encode()), ("page.html", html.encode()), ("form.pdf", _scripted_pdf())):
        file_id = upload(name, content)["file_id"]
        finished(file_id)
        asked: list[str] = []
        here.page.on("download", lambda download: download.cancel())  # this browser has no viewer of its own for PDF
        here.page.on("request", lambda request, asked=asked: asked.append(request.url))
        page = here.go(f"/files/{file_id}")
        expect(page.locator("[data-why]")).to_be_visible()
        expect(page.locator(".viewer")).to_be_visible()
        assert page.title().startswith(name)
        page.evaluate(
            """(address) => new Promise((done) => {
              const frame = document.createElement("iframe");
              frame.onload = frame.onerror = done;
              setTimeout(done, 2000);
              frame.src = address;
              document.body.append(frame);
            })""",
            f"/api/upload/files/{file_id}/content",
        )
        assert not [address for address in asked if "ran-by-content" in address]
        assert page.title() != "ran"
        # Our own page may not be framed and frames nothing: what the policy stopped here was asked for by the test.
        here.wrong = [one for one in here.wrong if "frame" not in one]


def _scripted_pdf() -> bytes:
    """One page that would run a script, call an address and start a program when it is opened (ISO 32000-1, 12.6.4)."""
    actions = (
        "<< /S /JavaScript /JS (app.alert\\('ran'\\); this.submitForm\\('/ran-by-content'\\);)"
        " /Next << /S /URI /URI (/ran-by-content) /Next << /S /Launch /F (calc.exe) >> >> >>"
    )
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {actions} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        "<< /Length 41 >>\nstream\nBT /F 18 Tf 20 40 Td (Nothing to see) Tj ET\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return made + f"{end}startxref\n{len(made)}\n%%EOF\n".encode()


def test_wave_when_a_place_in_it_is_pressed_then_the_sound_goes_there(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], require: Require
) -> None:
    """By pointer, to the place; by keys, to the beginning and the end; what is heard is said."""
    require("ffmpeg")
    page = visitor(mill).go(f"/files/{samples['tone.wav']['file_id']}")
    wave = page.get_by_role("slider", name="Place in the sound")
    expect(wave.locator("img")).to_be_visible()
    sound = page.locator("audio")
    wait_for(lambda: sound.evaluate("(sound) => sound.duration > 0.5"), "the sound to be known", every_s=0.1)
    length = sound.evaluate("(sound) => sound.duration")
    box = wave.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 20)
    wait_for(lambda: sound.evaluate("(sound) => !sound.seeking"), "the sound to be there", every_s=0.1)
    assert sound.evaluate("(sound) => sound.currentTime") == pytest.approx(0.75 * length, abs=0.05 * length)
    page.keyboard.press("Home")
    wait_for(lambda: sound.evaluate("(sound) => sound.currentTime === 0"), "the beginning", every_s=0.1)
    expect(wave).to_have_attribute("aria-valuetext", re.compile("^0:00 of 0:0"))
    keep_picture(page, "wave")


def test_story_when_it_is_watched_then_it_grows_without_a_reload(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document], standing_still: Callable[..., Any]
) -> None:
    """While processing stands still the story says what it waits for; then each hop comes, and the sentence changes."""
    with standing_still(mill, "processing"):
        file_id = upload("watched.txt", b"watched from the first hop to the last, total 7.00 EUR")["file_id"]
        page = visitor(mill).go(f"/files/{file_id}")
        expect(page.locator(".hop").first).to_contain_text("Stored and hashed")
        expect(page.locator(".fhead .st")).to_contain_text("Waiting")
        before = page.locator(".hop").count()
    expect(page.locator(".fhead .st")).to_contain_text("Ready")
    expect(page.locator("[data-why]")).to_contain_text("Ready in")
    expect(page.locator(".hop", has_text="Language")).to_have_count(1)
    assert page.locator(".hop").count() > before
