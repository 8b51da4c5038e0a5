"""Parties, organisations and references: found where a document says so, with what made them one."""

from typing import Any

import pytest

from filemill.ai.capabilities.entities.find import find_entities


def found(outcome: Any, kind: str) -> list[tuple[str, str]]:
    """(value, role or label) of each finding of a kind."""
    rows = outcome.result["entities"] if outcome.result else []
    return [
        (row["value"], str(row.get("details", {}).get("role") or row.get("details", {}).get("label")))
        for row in rows
        if row["kind"] == kind
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Employer: Amber Tools Ltd", ("Amber Tools Ltd", "contract-party")),
        ("Lieferant: Amber Tools GmbH, Hafenweg 3", ("Amber Tools GmbH", "seller")),
        ("Facturé à : Lucie Morel", ("Lucie Morel", "buyer")),
        ("Rédigé par Lucie Morel.", ("Lucie Morel", "contact")),
        ("Patient name: Lucie Morel", ("Lucie Morel", "named")),
        ("To: M. C. Kurt", ("M. C. Kurt", "recipient")),
        ('"Lucie Morel" <lucie@mill.example> wrote', ("Lucie Morel", "correspondent")),
        ("made between Amber Tools Ltd and Lucie Morel of Lyon", ("Amber Tools Ltd", "contract-party")),
        ('Lucie Morel (the "Provider") shall', ("Lucie Morel", "contract-party")),
        ("Lucie Morel\n12 Mill Road\nBrimford ZX1 4QQ\n", ("Lucie Morel", "address")),
        ("Amber Tools Ltd\n12 Mill Road\n\nMinutes", ("Amber Tools Ltd", "letterhead")),
        ("Invoice to            Invoice number   4711\nAmber Tools Ltd       Date\n", ("Amber Tools Ltd", "buyer")),
    ],
)
def test_parties_when_a_document_names_one_then_it_is_found_with_its_role(
    text: str, expected: Any, of_text: Any
) -> None:
    """Labels, mailboxes, the words of contracts, and places at the head."""
    assert expected in found(find_entities(of_text(text)), "party")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sold by Hollow & Oak Instruments GmbH & Co. KG in", "Hollow & Oak Instruments GmbH & Co. KG"),
        ("Entre la société Amber Tools SARL, ci-après", "Amber Tools SARL"),
        ("We wrote to Verband der Mühlen e.V. today", "Verband der Mühlen e.V."),
        ("Acme, Inc. said", "Acme, Inc."),
    ],
)
def test_organisations_when_a_name_ends_in_a_legal_form_then_it_is_found(text: str, name: str, of_text: Any) -> None:
    """The capitalised words before the form, on one line."""
    assert [value for value, _ in found(find_entities(of_text(text)), "organisation")] == [name]


@pytest.mark.parametrize("text", ["a bag of 5 KG", "the SA of 1923", "Trim Limited VIN", "TOTAL AG 5"])
def test_organisations_when_a_form_stands_alone_then_none_is_found(text: str, of_text: Any) -> None:
    """Units and plain words are no legal forms."""
    assert found(find_entities(of_text(text)), "organisation") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kundennummer: 40796/24", ("40796/24", "kundennummer")),
        ("Beleg K75357 vom", ("K75357", "beleg")),
        ("Dossier n° A-118", ("A-118", "dossier n°")),
        ("Order / Rev: 2024-12-5678", ("2024-12-5678", "order")),
        ("Nr. 20417", ("20417", "nr.")),
    ],
)
def test_references_when_a_label_stands_before_a_number_then_it_is_told(text: str, expected: Any, of_text: Any) -> None:
    """In three languages, with the label in the details."""
    assert expected in found(find_entities(of_text(text)), "reference")


@pytest.mark.parametrize("text", ["invoice 2024", "Rechnung 12.50", "Tel. Nr. 4711", "order now", "Report 3"])
def test_numbers_when_a_year_a_price_or_a_telephone_follows_then_they_are_no_references(
    text: str, of_text: Any
) -> None:
    """A word with a number behind it is not yet a label."""
    outcome = find_entities(of_text(text))
    assert found(outcome, "reference") == found(outcome, "invoice-number") == []


def test_totals_when_a_sum_is_before_tax_then_it_is_none(of_text: Any) -> None:
    """ "Net total" is a part; what is due is the total."""
    outcome = find_entities(of_text("Net total £351.00\nTotal due £421.20\n"))
    assert [value for value, _ in found(outcome, "total")] == ["GBP 421.20"]


def test_phones_when_the_land_is_told_by_the_document_then_national_numbers_are_read_by_it(of_text: Any) -> None:
    """An English invoice with a British VAT id is not American; the guess is said."""
    outcome = find_entities(of_text("VAT GB980780684, call 020 7946 0018 before 03/04/2025", after=("language",)))
    assert [value for value, _ in found(outcome, "phone")] == ["+442079460018"]
    rows = outcome.result["entities"] if outcome.result else []
    assert next(row for row in rows if row["kind"] == "phone")["details"]["assumed_region"] == "GB"
    assert next(row for row in rows if row["kind"] == "date")["value"] == "2025-04-03"
