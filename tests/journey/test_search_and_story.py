"""Found by a word inside, changed by its owner, with its story and audit trail."""

import io
import random
import re

import httpx
import pytest
from PIL import Image

from filemill.chassis.ids import new_id
from journey.conftest import TEST_DATA, Document, Finished, Upload
from support.mill import wait_for


def noise_png(seed: int) -> bytes:
    """A picture that nobody has sent before."""
    out = io.BytesIO()
    Image.frombytes("RGB", (500, 500), random.Random(seed).randbytes(750_000)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def hits(client: httpx.Client, **asked: str) -> list[Document]:
    found: list[Document] = client.get("/api/metadata/files", params=asked).raise_for_status().json()["items"]
    return found


def test_search_when_the_word_is_only_inside_the_pdf_then_it_is_found_whatever_its_name(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """A scan called x.pdf is found by what it says, with the place shown."""
    file_id = upload("x.pdf", (TEST_DATA / "invoice.pdf").read_bytes())["file_id"]
    finished(file_id)

    def found() -> Document | None:
        return next((hit for hit in hits(client, q="Harbour", type="pdf") if hit["file_id"] == file_id), None)

    hit = wait_for(found, "x.pdf to be found by a word inside it")
    assert hit is not None
    assert "text" in hit["matched_in"]
    assert any("**Harbour**" in piece for piece in hit["highlights"])
    assert hit["score"] > 0


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"q": "kettle"}, "review_positive.txt"),
        ({"q": '"reading room"'}, "letter.docx"),
        ({"q": "lindenh*"}, "letter.docx"),
        ({"q": "7QK4"}, "qr.png"),
        ({"q": "facture-fr"}, "facture-fr.txt"),
        ({"type": "audio"}, "tone.wav"),
        ({"type": "image/png"}, "qr.png"),
        ({"q": "seedlings -harbour"}, "notes.txt"),
        ({"q": "kettle OR reading type:document"}, "letter.docx"),
        ({"q": "kettle owner:me created:>2025 status:processed size:<1MB"}, "review_positive.txt"),
        ({"q": "type:image/png size:>1"}, "qr.png"),
        ({"q": "type:image/png -kettle"}, "qr.png"),
    ],
)
def test_search_when_a_sample_is_looked_for_then_it_is_there(
    client: httpx.Client, samples: dict[str, Document], asked: dict[str, str], name: str
) -> None:
    """Words, phrases, prefixes, findings, names and types."""
    file_id = samples[name]["file_id"]
    wait_for(lambda: file_id in [hit["file_id"] for hit in hits(client, **asked)], f"{name} to be found by {asked}")


def test_search_when_a_field_excludes_a_file_then_it_is_not_there(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """By size, time and owner; a page of a size goes on where it stopped; what makes no sense is said."""
    wait_for(lambda: hits(client, q="kettle"), "the index")
    for condition in ("size:>1MB", "created:<2025", "owner:somebody", "type:pdf", "tag:none"):
        assert hits(client, q=f"kettle {condition}") == [], condition
    small = {name for name, one in samples.items() if one["size"] <= 5000}
    seen: list[str] = []
    page = client.get("/api/metadata/files", params={"q": "size:<=5kB", "limit": 3}).json()
    while True:
        assert all(hit["size"] <= 5000 for hit in page["items"])
        seen += [hit["file_id"] for hit in page["items"]]
        if page["next_cursor"] is None:
            break
        asked = {"q": "size:<=5kB", "limit": 3, "cursor": page["next_cursor"]}
        page = client.get("/api/metadata/files", params=asked).json()
    assert len(seen) == len(set(seen))
    assert {samples[name]["file_id"] for name in small} <= set(seen)
    refused = client.get("/api/metadata/files", params={"q": "kettle created:yesterday"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad-request")
    assert "created:2026-01" in refused.json()["detail"]


@pytest.mark.parametrize(
    "naughty", ['"', "AND", "NEAR(a b)", "a OR", "*", "-", "marks:x", "o=1", "{text}:a", "'; DROP", "\x00"]
)
def test_search_when_the_query_is_naughty_then_it_is_only_words(client: httpx.Client, naughty: str) -> None:
    """No text is a syntax error."""
    assert client.get("/api/metadata/files", params={"q": naughty}).status_code == 200


def test_patch_when_if_match_is_old_then_412_and_else_search_and_upload_follow(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """Nobody overwrites what they have not seen; copies and the index follow a change."""
    file_id = upload("plain.txt", b"nothing special in here")["file_id"]
    finished(file_id)
    address = f"/api/metadata/files/{file_id}"
    etag = client.get(address).headers["etag"]
    word = f"zebra{new_id()[-12:]}"
    changed = client.patch(address, json={"title": f"The {word}", "tags": ["animals"]}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["tags"]) == (200, ["animals"])
    assert changed.headers["etag"] != etag
    refused = client.patch(address, json={"title": "late"}, headers={"If-Match": etag})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition-failed")
    listed = client.patch(
        address, json={"description": "x"}, headers={"If-Match": f'"other", {changed.headers["etag"]}'}
    )
    assert listed.status_code == 200
    wait_for(
        lambda: [hit["file_id"] for hit in hits(client, q=word, tag="animals")] == [file_id], "the index to follow"
    )
    copy = f"/api/upload/files/{file_id}"
    wait_for(lambda: client.get(copy).json()["title"] == f"The {word}", "upload's copy to follow")
    entry = client.get(f"{address}/audit").json()["items"][0]
    assert (entry["action"], entry["detail"]["fields"]) == ("changed", ["description"])
    assert entry["request_id"] == listed.headers["x-request-id"]


def test_delete_when_it_is_restored_then_it_is_gone_and_back_everywhere(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """The trash is the owner's: out of every list, and back with all that was known."""
    word = f"okapi{new_id()[-12:]}"
    file_id = upload("trash.txt", f"a text about the {word}".encode())["file_id"]
    finished(file_id)
    wait_for(lambda: hits(client, q=word), "it to be found")
    assert client.delete(f"/api/upload/files/{file_id}").status_code == 204
    assert client.delete(f"/api/upload/files/{file_id}").status_code == 404
    assert client.get(f"/api/upload/files/{file_id}/content").status_code == 404
    for address in (f"/api/metadata/files/{file_id}", f"/api/ai/files/{file_id}/findings"):
        wait_for(lambda address=address: client.get(address).status_code == 404, f"{address} to be gone")  # type: ignore[misc]
    wait_for(lambda: not hits(client, q=word), "it to be out of the index")
    assert client.post(f"/api/upload/files/{file_id}/restore").status_code == 200
    wait_for(lambda: hits(client, q=word), "it to be found again")
    assert finished(file_id)["status"] == "processed"
    audit = [entry["action"] for entry in client.get(f"/api/metadata/files/{file_id}/audit").json()["items"]]
    assert [action for action in audit if not action.startswith("opened")] == ["restored", "deleted", "uploaded"]


@pytest.mark.parametrize(
    ("way", "action"),
    [
        ("/api/upload/files/{}/content", "opened content"),
        ("/api/metadata/files/{}/text", "opened text"),
        ("/api/metadata/files/{}/renditions/thumbnail", "opened rendition"),
        ("/api/processing/files/{}/renditions/card", "opened rendition"),
    ],
)
def test_audit_when_a_file_was_opened_then_it_says_who_when_and_in_which_request(
    client: httpx.Client, samples: dict[str, Document], way: str, action: str
) -> None:
    """Reads are audited too, by each service that serves them."""
    file_id = samples["invoice.pdf"]["file_id"]
    opened = client.get(way.format(file_id)).raise_for_status()

    def entry() -> Document | None:
        items = client.get(f"/api/metadata/files/{file_id}/audit").json()["items"]
        return next((one for one in items if one["request_id"] == opened.headers["x-request-id"]), None)

    found = wait_for(entry, "the open to be in the audit trail")
    assert found is not None
    assert (found["action"], found["actor"], found["outcome"]) == (action, "local", "ok")
    assert found["client_address"] == "127.0.0.1"


def test_timeline_when_a_file_went_through_then_every_hop_is_told_in_order(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """Stored, catalogued, queued, tried, each step, the plan, and each capability with its model."""
    story = client.get(f"/api/metadata/files/{samples['invoice.pdf']['file_id']}/timeline").json()
    hops = [(one["service"], one["step"], one["state"]) for one in story["items"]]
    assert hops[0] == ("upload", "stored", "done")
    for hop in (
        ("metadata", "catalogued", "done"), ("processing", "queue", "queued"), ("processing", "try", "started"),
        ("processing", "identify", "done"), ("processing", "pdf", "done"), ("processing", "plan", "done"),
        ("ai", "queue", "queued"), ("ai", "try", "started"), ("ai", "entities", "done"), ("ai", "analysis", "done"),
    ):  # fmt: skip
        assert hop in hops
    times = [one["at"] for one in story["items"]]
    assert times == sorted(times)
    entities = next(one for one in story["items"] if one["step"] == "entities")
    assert entities["duration_ms"] > 0
    assert entities["detail"]["model"]
    assert story["why"].startswith("Processed: text found; 2 pictures made. Analysed")


def test_timeline_when_others_are_before_it_then_says_how_many_and_how_long(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """In words, while it waits."""
    pictures = [upload(f"{number}.png", noise_png(number))["file_id"] for number in range(30)]
    last = f"/api/metadata/files/{pictures[-1]}/timeline"
    line = re.compile(r"waiting to be processed: ([0-9]+ files? ahead|next in line), about [0-9]+ s\.")
    wait_for(lambda: line.search(client.get(last).json()["why"]), "the line to be told")
    for file_id in pictures:
        finished(file_id)
    assert client.get(last).json()["why"].startswith("Processed: ")


def test_analytics_when_files_are_there_then_the_numbers_add_up(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """Days, types and states are counts of the same files."""
    numbers = client.get("/api/metadata/analytics").json()
    assert numbers["files"] == sum(numbers["by_type"].values()) == sum(numbers["by_status"].values()) >= len(samples)
    assert numbers["files"] == sum(day["files"] for day in numbers["days"])
    assert numbers["processing_ms"]["p50"] <= numbers["processing_ms"]["p95"]
    assert numbers["by_type"]["audio/wav"] >= 1


def test_file_when_it_was_just_uploaded_then_metadata_and_ai_know_it_at_once(
    client: httpx.Client, upload: Upload
) -> None:
    """A file exists everywhere from the moment of its 201, fifty times: never 404, and 503 only where upload is too slow."""
    first: list[int] = []
    for number in range(50):
        file_id = upload(f"{number}.txt", b"x")["file_id"]
        for address in (
            f"metadata/files/{file_id}",
            f"metadata/files/{file_id}/timeline",
            f"ai/files/{file_id}/findings",
        ):
            answers = [client.get(f"/api/{address}")]
            while answers[-1].status_code == 503 and len(answers) < 20:
                assert answers[-1].headers["Retry-After"], address
                answers.append(client.get(f"/api/{address}"))
            assert answers[-1].status_code == 200, address
            first.append(answers[0].status_code)
    assert first.count(200) > len(first) * 0.9
