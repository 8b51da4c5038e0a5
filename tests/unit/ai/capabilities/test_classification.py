"""Document class: right on our samples, only suggested when unsure, none when nothing speaks for one."""

import pytest

from filemill.ai.capabilities.classes import SURE_PROBABILITY, classify
from unit.ai.capabilities import lookalikes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice.pdf", "invoice"),
        ("facture-fr.txt", "invoice"),
        ("receipt.txt", "receipt"),
        ("letter.docx", "letter"),
        ("mail.eml", "e-mail"),
        ("notes.txt", "notes"),
        ("sales.csv", "table"),
        ("tone.wav", "audio"),
        ("qr.png", "barcode"),
        ("sample.jpg", "photo"),
    ],
)
def test_class_when_a_sample_is_read_then_it_is_right_and_says_why(name: str, expected: str, of_sample) -> None:
    """Each sample gets its class, the cues that spoke for it, and a probability that matches `suggested`."""
    subject = of_sample(name, after=("entities", "barcodes"))
    outcome = classify(subject)
    assert outcome.result is not None
    assert outcome.result["class"] == expected
    assert outcome.result["because"]
    assert outcome.result["suggested"] == (outcome.result["probability"] < SURE_PROBABILITY)
    texts = {page.number: page.text for page in subject.pages}
    assert all(texts[place.page][place.start : place.end] == place.text for place in outcome.evidence)


def test_class_when_a_photo_has_no_camera_then_it_is_only_suggested(of_sample) -> None:
    """Grain and colours alone never make it sure; a camera in the EXIF does."""
    plain = classify(of_sample("sample.jpg", after=("barcodes",)))
    taken = classify(of_sample("sample.jpg", after=("barcodes",), properties={"exif": {"Model": "Lumenfeld L2"}}))
    assert plain.result is not None
    assert plain.result["suggested"]
    assert taken.result is not None
    assert not taken.result["suggested"]


def test_class_when_one_word_alone_speaks_then_the_class_is_not_sure(of_text) -> None:
    """A text that mentions an invoice is at most suggested to be one, with the alternatives."""
    outcome = classify(of_text("The invoice is in the drawer.\nPlease look there.", after=("entities",)))
    assert outcome.result is None or outcome.result["suggested"]


@pytest.mark.parametrize("text", ["", "hello", "Lorem ipsum dolor sit amet, consetetur sadipscing elitr."])
def test_class_when_nothing_speaks_for_one_then_none_is_named(text: str, of_text) -> None:
    """No class is an answer."""
    outcome = classify(of_text(text))
    assert outcome.state == "empty"
    assert outcome.reason is not None
    assert outcome.reason.code == "no-class-fits"


def test_class_when_code_is_stored_as_plain_text_then_it_is_recognised_by_its_lines(of_text) -> None:
    """Program code is known by how it is built, without its name or type."""
    code = "import os\n\n\ndef main():\n    return os.name\n\n\nclass Mill:\n    def run(self):\n        return 1\n"
    outcome = classify(of_text(code))
    assert outcome.result is not None
    assert outcome.result["class"] == "source-code"


def test_class_when_the_text_is_long_then_a_stated_part_is_read(of_text) -> None:
    """The cap is told."""
    assert classify(of_text("word and word. " * 350_000)).looked_at_characters == 50_000


@pytest.mark.parametrize(("expected", "text"), [("estimate", lookalikes.ESTIMATE), ("booking", lookalikes.BOOKING)])
def test_class_when_a_document_is_neither_a_bill_nor_a_letter_then_it_is_named_too(
    expected: str, text: str, of_text
) -> None:
    """An estimate and a booking full of amounts are not taken for invoices or receipts."""
    outcome = classify(of_text(text, after=("entities",)))
    assert outcome.result is not None
    assert outcome.result["class"] == expected


def test_class_when_only_words_speak_for_one_then_it_is_suggested(of_text) -> None:
    """Words that may stand anywhere are enough to suggest a class and not to be sure of it."""
    outcome = classify(of_text(lookalikes.ESTIMATE, after=("entities",)))
    assert outcome.result is not None
    assert outcome.result["suggested"]


def test_class_when_a_markdown_page_describes_receipts_then_it_is_none_surely(of_text) -> None:
    """A readme about bills is not a bill."""
    text = "| `receipt.txt` | a till receipt, total 11.31 GBP, paid by card | cashier |\n" * 4
    outcome = classify(of_text(text, after=("entities",), content_type="text/markdown"))
    assert outcome.result is None or outcome.result["suggested"]
