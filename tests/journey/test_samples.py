"""Every sample ends processed, and what is said of it is right: golden words and values of `test_data/README.md`."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image, ImageStat

from journey.conftest import Document

TYPES = {
    "facture-fr.txt": "text/plain", "invoice.pdf": "application/pdf", "mail.eml": "message/rfc822",
    "letter.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "notes.txt": "text/plain",
    "qr.png": "image/png", "receipt.txt": "text/plain", "review_negative.txt": "text/plain",
    "review_positive.txt": "text/plain", "sales.csv": "text/csv", "sample.jpg": "image/jpeg", "tone.wav": "audio/wav",
}  # fmt: skip
WORDS = {
    "facture-fr.txt": ("F-2025-0093", "660,00"), "invoice.pdf": ("INV-2025-0417", "1,284.50", "Bright Harbour Labs"),
    "letter.docx": ("Maren Castellane", "Lindenhof Library"), "mail.eml": ("Priya Raman", "230.40"),
    "notes.txt": ("ines@greenhouse.example", "38.40"), "receipt.txt": ("11.31",), "sales.csv": ("revenue",),
    "review_positive.txt": ("kettle",),
}  # fmt: skip
CLASSES = {
    "facture-fr.txt": "invoice", "invoice.pdf": "invoice", "letter.docx": "letter", "mail.eml": "e-mail",
    "notes.txt": "notes", "qr.png": "barcode", "receipt.txt": "receipt", "sales.csv": "table", "sample.jpg": "photo",
    "tone.wav": "audio",
}  # fmt: skip


def finding(document: Document, capability: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["findings"] if one["capability"] == capability)
    return found


def test_samples_when_they_were_uploaded_then_each_ends_processed_and_analysed(samples: dict[str, Document]) -> None:
    """No sample fails, and each is known for what it is."""
    assert {name: document["status"] for name, document in samples.items()} == dict.fromkeys(samples, "processed")
    assert {name: document["analysis"] for name, document in samples.items()} == dict.fromkeys(samples, "done")
    assert {name: document["content_type"] for name, document in samples.items()} == TYPES


@pytest.mark.parametrize("name", WORDS)
def test_text_when_a_sample_has_words_then_they_are_found(
    client: httpx.Client, samples: dict[str, Document], name: str
) -> None:
    """The text that search and analysis stand on."""
    document = samples[name]
    assert document["text"]["state"] == "found"
    answer = client.get(f"/api/metadata/files/{document['file_id']}/text")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert [word for word in WORDS[name] if word not in answer.text] == []
    pages = client.get(f"/api/metadata/files/{document['file_id']}/text", params={"format": "json"}).json()["pages"]
    assert len(pages) == document["text"]["pages"]
    assert sum(len(page["text"]) for page in pages) == document["text"]["characters"]


def test_text_when_a_sample_has_none_then_the_state_says_why(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """A sound has no text, and the answer is a reason, not an empty page."""
    document = samples["tone.wav"]
    assert document["text"]["state"] == "unsupported"
    answer = client.get(f"/api/metadata/files/{document['file_id']}/text")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "No text is read" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["sample.jpg", "qr.png", "invoice.pdf"])
def test_renditions_when_it_can_be_shown_then_thumbnail_and_preview_decode(
    client: httpx.Client, samples: dict[str, Document], name: str
) -> None:
    """Pictures made from the file are pictures, of the size they say."""
    renditions = {one["name"]: one for one in samples[name]["renditions"]}
    assert set(renditions) == {"thumbnail", "preview"}
    for rendition in renditions.values():
        answer = client.get(rendition["url"])
        assert answer.headers["content-type"] == rendition["content_type"]
        assert len(answer.content) == rendition["size"]
        with Image.open(io.BytesIO(answer.content)) as picture:
            picture.load()
            assert picture.size == (rendition["width"], rendition["height"])
    missing = client.get(f"/api/metadata/files/{samples[name]['file_id']}/renditions/poster", follow_redirects=True)
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("name", "size", "mean"),
    [("sample.jpg", (256, 171), (90, 124, 154)), ("qr.png", (256, 256), (171, 171, 171))],
)
def test_thumbnail_when_the_picture_is_known_then_it_has_its_size_and_colours(
    client: httpx.Client, samples: dict[str, Document], name: str, size: tuple[int, int], mean: tuple[int, int, int]
) -> None:
    """Golden values, taken from the samples themselves with another program."""
    url = next(one["url"] for one in samples[name]["renditions"] if one["name"] == "thumbnail")
    with Image.open(io.BytesIO(client.get(url).content)) as picture:
        assert picture.size == size
        seen = ImageStat.Stat(picture.convert("RGB")).mean
    assert all(abs(a - b) < 4 for a, b in zip(seen, mean, strict=True)), seen


@pytest.mark.parametrize(
    ("sample", "name"), [("invoice.pdf", "page-2"), ("invoice.pdf", "page-1.png"), ("sample.jpg", "card")]
)
def test_rendition_when_it_is_asked_for_then_it_is_made_in_the_sandbox_and_kept(
    client: httpx.Client, samples: dict[str, Document], sample: str, name: str
) -> None:
    """Nobody made it before; the second request finds the same one."""
    file_id = samples[sample]["file_id"]
    answers = [client.get(f"/api/metadata/files/{file_id}/renditions/{name}", follow_redirects=True) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["etag"] == answers[1].headers["etag"]
    with Image.open(io.BytesIO(answers[0].content)) as picture:
        picture.load()
        assert max(picture.size) == (640 if name == "card" else 1600)
    beyond = client.get(f"/api/processing/files/{file_id}/renditions/page-9")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "not-found")


def test_properties_when_a_photo_has_exif_then_camera_and_time_are_known(samples: dict[str, Document]) -> None:
    """What the file says of itself is kept by name."""
    said = str(samples["sample.jpg"]["properties"])
    for value in ("Lumenfeld", "1200", "800", "2025"):
        assert value in said
    assert samples["invoice.pdf"]["text"]["pages"] == 2


def test_findings_when_it_is_an_invoice_then_the_total_is_found_with_its_evidence(samples: dict[str, Document]) -> None:
    """The evidence points at the very characters on the page."""
    entities = finding(samples["invoice.pdf"], "entities")
    assert entities["state"] == "done"
    assert 0 < entities["confidence"] <= 1
    assert entities["model"]
    found = {(one["kind"], one["value"]) for one in entities["result"]["entities"]}
    values = {value for _, value in found}
    assert {"DE74999900000417230618", "DE294173069", "INV-2025-0417"} <= {value.replace(" ", "") for value in values}
    totals = [one for one in entities["result"]["entities"] if "1284.5" in one["value"].replace(",", "")]
    assert totals
    assert totals[0]["page"] in (1, 2)
    assert totals[0]["end"] - totals[0]["start"] == len(totals[0]["text"])


@pytest.mark.parametrize("name", CLASSES)
def test_findings_when_the_class_is_plain_then_it_is_named(samples: dict[str, Document], name: str) -> None:
    """Invoice, letter, photo: what a person would say first."""
    assert finding(samples[name], "classification")["result"]["class"] == CLASSES[name]


def test_findings_when_there_is_something_to_find_then_it_is_found(samples: dict[str, Document]) -> None:
    """QR code, language, mood; and what would need a model says so with the command."""
    codes = finding(samples["qr.png"], "barcodes")["result"]["barcodes"]
    assert [code["text"] for code in codes] == ["https://filemill.example/t/7QK4-0417"]
    assert finding(samples["facture-fr.txt"], "language")["result"]["language"] == "fr"
    assert finding(samples["review_positive.txt"], "sentiment")["result"]["label"] == "positive"
    assert finding(samples["review_negative.txt"], "sentiment")["result"]["label"] == "negative"
    objects = finding(samples["sample.jpg"], "objects")
    assert objects["state"] == "needs-download"
    assert objects["reason"]["command"].startswith("filemill models pull")
    description = finding(samples["invoice.pdf"], "description")["result"]
    assert description["composed"] is True
    assert "INV-2025-0417" in description["text"]


def test_document_when_it_is_shown_then_no_storage_key_is(client: httpx.Client, samples: dict[str, Document]) -> None:
    """Where bytes lie is the store's business; a client gets links."""
    for document in samples.values():
        for address in (f"/api/metadata/files/{document['file_id']}", f"/api/upload/files/{document['file_id']}"):
            assert "blobs/" not in client.get(address).text


def test_analyze_when_it_is_asked_again_then_the_kept_answer_comes_at_once(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """The same question about the same content with the same models needs no work."""
    file_id = samples["invoice.pdf"]["file_id"]
    again = client.post(f"/api/ai/analyze/{file_id}")
    assert (again.status_code, again.json()["cached"]) == (200, True)
    one = client.post(f"/api/ai/analyze/{file_id}?wait=30", json={"capabilities": ["language"], "options": {"x": 1}})
    assert (one.status_code, one.json()["status"]) == (200, "done")
    models = client.get("/api/ai/models").json()["items"]
    assert {"ready", "needs-download"} <= {model["state"] for model in models}


def test_picture_when_another_size_is_signed_for_then_its_address_works_without_credentials(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """For this size only, and until it expires; what nobody gets is refused before it is signed."""
    own = f"/api/processing/files/{samples['sample.jpg']['file_id']}/renditions"
    signed = client.post(own, json={"w": 120, "h": 120, "fit": "cover", "format": "jpeg"})
    assert signed.status_code == 201
    url = signed.json()["url"]
    for _ in range(2):
        answer = httpx.get(url)
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (120, 120))
    for bent in (url.replace("w=120", "w=4000"), url.replace("format=jpeg", "format=png"), f"{own}/custom?w=9"):
        refused = client.get(bent)
        assert (refused.status_code, refused.json()["code"]) == (403, "signature-invalid")
    for wrong in ({}, {"w": 5000}, {"w": 9, "fit": "cover"}, {"w": 9, "fit": "tile"}, {"w": 9, "format": "gif"}):
        assert client.post(own, json=wrong).status_code == 400
