"""Entities: known values in our samples, spans that equal the text, checksums that reject."""

import pytest

from filemill.ai.capabilities.entities.find import LOOK_AT_CHARACTERS, find_entities
from filemill.ai.capabilities.results import Outcome
from filemill.ai.capabilities.subject import Subject


def values(outcome: Outcome, kind: str) -> list[str]:
    """The values of one kind, in the order of the text."""
    entities = outcome.result["entities"] if outcome.result else []
    return [entity["value"] for entity in entities if entity["kind"] == kind]


def assert_spans_hold(subject: Subject, outcome: Outcome) -> None:
    """Every finding's text is the page's text at its span, in the result and in the evidence."""
    texts = {page.number: page.text for page in subject.pages}
    for entity in outcome.result["entities"] if outcome.result else []:
        assert texts[entity["page"]][entity["start"] : entity["end"]] == entity["text"]
        assert entity["text"].strip()
    for place in outcome.evidence:
        assert texts[place.page][place.start : place.end] == place.text


def test_entities_when_the_invoice_is_read_then_every_known_value_is_found(of_sample) -> None:
    """The two-page invoice gives exactly the values that were written into it."""
    subject = of_sample("invoice.pdf", after=("language",))
    outcome = find_entities(subject)
    assert values(outcome, "invoice-number") == ["INV-2025-0417"]
    assert values(outcome, "iban") == ["DE74999900000417230618"]
    assert set(values(outcome, "vat-id")) == {"DE294173069"}
    assert values(outcome, "date") == ["2025-06-14", "2025-07-14", "2025-06-05"]
    assert values(outcome, "money") == ["EUR 1079.41", "EUR 205.09", "EUR 1284.50"]
    assert set(values(outcome, "phone")) == {"+493023125417", "+494066969123"}
    assert set(values(outcome, "email")) == {"billing@hollow-oak.example", "accounts@bright-harbour.example"}
    assert values(outcome, "url") == ["https://hollow-oak.example/terms"]
    assert outcome.result is not None
    assert outcome.result["summary"] == {
        "invoice_number": "INV-2025-0417",
        "total": {"amount": "1284.50", "currency": "EUR", "text": "1,284.50 EUR"},
        "buyer": "Bright Harbour Labs GmbH",
        "seller": "Hollow Oak Instruments GmbH",
    }
    assert_spans_hold(subject, outcome)


def test_entities_when_an_invoice_is_french_then_its_values_are_found(of_sample) -> None:
    """Labels, dates and amounts of another language are read as it writes them."""
    subject = of_sample("facture-fr.txt", after=("language",))
    outcome = find_entities(subject)
    assert values(outcome, "invoice-number") == ["F-2025-0093"]
    assert values(outcome, "iban") == ["FR0599999000010417230618101"]
    assert values(outcome, "vat-id") == ["FR46407293182"]
    assert values(outcome, "phone") == ["+33199001234"]
    assert values(outcome, "date") == ["2025-04-03", "2025-05-03"]
    assert values(outcome, "total") == ["EUR 660.00"]
    assert_spans_hold(subject, outcome)


@pytest.mark.parametrize("name", ["letter.docx", "receipt.txt", "notes.txt", "mail.eml", "sales.csv"])
def test_entities_when_any_sample_is_read_then_spans_equal_the_text(name: str, of_sample) -> None:
    """No finding points at other words than it names."""
    subject = of_sample(name, after=("language",))
    assert_spans_hold(subject, find_entities(subject))


@pytest.mark.parametrize(
    "text",
    [
        "IBAN: DE75 9999 0000 0417 2306 18",  # check digits wrong by one
        "IBAN: DE74 9999 0000 0417 2306 1",  # one digit short
        "IBAN: XX74 9999 0000 0417 2306 18",  # no such country
        "VAT ID: DE294173068",
        "Card 4111 1111 1111 1112",
        "ISBN 978-3-16-148410-1",
        "ISBN 0-306-40615-3",
        "Order 1234567890123456",
    ],
)
def test_entities_when_check_digits_are_wrong_then_it_is_not_found(text: str, of_text) -> None:
    """A number that does not check is not an IBAN, VAT id, card or ISBN."""
    outcome = find_entities(of_text(text))
    for kind in ("iban", "vat-id", "credit-card", "isbn"):
        assert values(outcome, kind) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Pay to GB82WEST12345698765432 today", "iban", "GB82WEST12345698765432"),
        ("Card: 4111 1111 1111 1111.", "credit-card", "************1111"),
        ("see ISBN 978-3-16-148410-0", "isbn", "9783161484100"),
        ("see ISBN 0-306-40615-2", "isbn", "9780306406157"),
        ("mail Jo.Doe+x@Mail.EXAMPLE now", "email", "Jo.Doe+x@mail.example"),
        ("(see www.example.org/a_(b)).", "url", "https://www.example.org/a_(b)"),
        ("call +44 20 7946 0018", "phone", "+442079460018"),
        ("am 31. Dezember 2016 in", "date", "2016-12-31"),
        ("le 14 août 2024.", "date", "2024-08-14"),
        ("el 15 de marzo de 2024", "date", "2024-03-15"),
        ("日期：2024年3月12日", "date", "2024-03-12"),
        ("March 5th, 2024", "date", "2024-03-05"),
        ("seit 01.02.2024", "date", "2024-02-01"),
        ("in December 2024", "date", "2024-12"),
        ("1.284,50 €", "money", "EUR 1284.50"),
        ("CHF 12'500.00", "money", "CHF 12500.00"),
        ("a fee of -$84.00", "money", "USD -84.00"),
        ("Rechnung Nr. 2024/117 vom", "invoice-number", "2024/117"),
        ("Grand total: 5,738.00 USD", "total", "USD 5738.00"),
        ("Claim # SF-1008", "reference", "SF-1008"),
        ("Bill to\nBright Labs Ltd\n4 Quay", "party", "Bright Labs Ltd"),
        ("Supplier:\r\n  Oak & Sons, Inc.\r\nBerlin", "party", "Oak & Sons, Inc."),
    ],
)
def test_entities_when_a_form_is_written_then_its_normal_form_is_found(text, kind, value, of_text) -> None:
    """Each family reads the usual ways to write a thing."""
    subject = of_text(text)
    outcome = find_entities(subject)
    assert values(outcome, kind) == [value]
    assert_spans_hold(subject, outcome)


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4 on 10.12.2024.1",
        "2024-13-45 and 31/02/2024 and 00.00.2024",
        "d666f1f7-46cb-42bd-9a39-9a39cf2a509f",
        "Total 48 shows",
        "user@ and @home and a@b",
        "SKU-8847 A-12 450 B-07 289 -23",
        "we may 2 go",
        "NO SUPPLIERS BE LIABLE FOR ANY CLAIM",
        "Vendor shall deliver the goods",
        "clause 252.227-7013 applies",
    ],
)
def test_entities_when_text_only_looks_alike_then_nothing_is_found(text: str, of_text) -> None:
    """Versions, ids, impossible dates and counts are not taken for facts."""
    assert find_entities(of_text(text)).state == "empty"


def test_entities_when_day_and_month_cannot_be_told_then_the_finding_says_it_was_assumed(of_sample, of_text) -> None:
    """A British receipt is read day first, and says so; another date of the same document settles it."""
    outcome = find_entities(of_sample("receipt.txt", after=("language",)))
    assert values(outcome, "date") == ["2025-05-02"]
    entities = outcome.result["entities"] if outcome.result else []
    assert next(e for e in entities if e["kind"] == "date")["details"] == {"assumed_order": "day-first"}
    settled = find_entities(of_text("From 03/04/2025 until 12/25/2025"))
    assert values(settled, "date") == ["2025-03-04", "2025-12-25"]


def test_entities_when_two_totals_disagree_then_none_is_chosen(of_text) -> None:
    """A document that says two different things gets no summary of them."""
    outcome = find_entities(of_text("Grand total 10.00 EUR", "Grand total 20.00 EUR"))
    assert outcome.result is not None
    assert outcome.result["summary"] == {"conflicting": ["total"]}


def test_entities_when_the_text_is_five_megabytes_then_a_stated_part_is_read(of_text) -> None:
    """The cap is kept and told, and the findings are bounded."""
    outcome = find_entities(of_text("Pay 12.50 EUR to a@b.example on 1 May 2024. " * 114_000))
    assert outcome.looked_at_characters == LOOK_AT_CHARACTERS
    assert outcome.result is not None
    assert outcome.result["truncated"]
    assert len(outcome.result["entities"]) == 500


def test_entities_when_there_is_no_text_then_it_is_empty(of_text) -> None:
    """No text is a state, not an error."""
    for pages in ((), ("",), ("  \n", "")):
        outcome = find_entities(of_text(*pages))
        assert outcome.state == "empty"
        assert outcome.reason is not None
        assert outcome.reason.code == "no-text"
