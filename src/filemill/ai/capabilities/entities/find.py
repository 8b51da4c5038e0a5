"""Capability `entities`: run every family of patterns page by page and settle what overlaps.

Not for names in running text (that needs a model). Each finding's text equals the page's text at its span. What a
person would want first (total, invoice number, parties) is repeated in `summary`.
"""

from collections import Counter
from itertools import islice

from filemill.ai.capabilities.entities.addresses import find_emails, find_urls
from filemill.ai.capabilities.entities.dates import find_dates, likely_order, numeric_order
from filemill.ai.capabilities.entities.finding import Finding, Taken, settle
from filemill.ai.capabilities.entities.lands import Hints, hints_of
from filemill.ai.capabilities.entities.money import find_amounts
from filemill.ai.capabilities.entities.numbers import find_cards, find_ibans, find_isbns, find_vat_ids
from filemill.ai.capabilities.entities.organisations import find_organisations
from filemill.ai.capabilities.entities.parties import find_letterheads, find_parties
from filemill.ai.capabilities.entities.phones import find_phones
from filemill.ai.capabilities.entities.references import find_invoice_numbers, find_references
from filemill.ai.capabilities.entities.totals import find_totals
from filemill.ai.capabilities.results import Box, Evidence, Outcome, empty
from filemill.ai.capabilities.subject import Page, Subject

LOOK_AT_CHARACTERS = 200_000  # about 80 pages, under 2 s
MAX_FINDINGS = 500  # in the result
MAX_FOUND = 2_000  # looked for at all, in every family of a page and in the whole text: bounds time, keeps the summary
SUMMED_ROLES = frozenset({"buyer", "seller", "sender", "recipient", "contact"})
MOST_SIDES = 4
Found = tuple[int, Finding]  # (page number, finding)


def find_entities(subject: Subject) -> Outcome:
    """Find what can be recognised in the first 200,000 characters; confidence is the mean of the findings'."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    if not seen.text.strip():
        return empty("no-text", "There is no text to look at.", seen.characters)
    told = numeric_order(seen.text)
    hints = hints_of((page.text for page in seen.pages), subject.language)
    found: list[Found] = []
    for page in seen.pages:
        found += ((page.number, finding) for finding in _on_page(page, subject.language, told, hints))
        if len(found) >= MAX_FOUND:
            break
    if not found:
        return empty("nothing-found", "No addresses, numbers, dates or amounts were recognised.", seen.characters)
    kept = found[:MAX_FINDINGS]
    result = {
        "entities": [_as_json(page, finding, seen.box_of(page, finding.start, finding.end)) for page, finding in kept],
        "counts": dict(Counter(finding.kind for _, finding in found)),
        "summary": _summary(found),
        "truncated": len(found) > len(kept),
    }
    return Outcome(
        "done",
        result,
        confidence=sum(finding.confidence for _, finding in kept) / len(kept),
        evidence=tuple(Evidence(page, finding.start, finding.end, finding.text) for page, finding in kept),
        looked_at_characters=seen.characters,
    )


def _on_page(page: Page, language: str | None, told: bool | None, hints: Hints) -> list[Finding]:
    """Find on one page: the surest families first, so that a weaker one never takes a piece of their findings.

    Totals, parties and organisations are facts about words that may also be an amount or an address: they do not compete.
    """
    text = page.text
    taken = Taken()
    kept: list[Finding] = []
    for family in (
        find_emails(text),
        find_urls(text),
        find_ibans(text),
        find_vat_ids(text),
        find_isbns(text),
        find_cards(text),
        find_dates(text, language, told=told, likely=likely_order(language, hints)),
        find_invoice_numbers(text),
        find_references(text),
        find_amounts(text, language),
        find_phones(text, hints.regions),
    ):
        kept += settle(islice(family, MAX_FOUND), taken)
    kept += settle(islice(find_totals(text, hints.currency), MAX_FOUND), Taken())
    parties = Taken()
    kept += settle(islice(find_parties(text), MAX_FOUND), parties)
    if page.number == 1:
        kept += settle(find_letterheads(text), parties)
    kept += settle(islice(find_organisations(text), MAX_FOUND), Taken())
    return sorted(kept, key=lambda finding: (finding.start, finding.end))


def _summary(found: list[Found]) -> dict[str, object]:
    """What a person wants first. Where the document says different things, none is chosen: `conflicting` names it."""
    summary: dict[str, object] = {}
    conflicting: list[str] = []
    facts: dict[str, list[Finding]] = {"invoice_number": [], "total": []}
    for _, finding in found:
        if finding.kind == "party" and finding.details["role"] in SUMMED_ROLES:
            facts.setdefault(str(finding.details["role"]), []).append(finding)
        elif finding.kind in {"invoice-number", "total"}:
            facts[finding.kind.replace("-", "_")].append(finding)
    for name, findings in facts.items():
        surest = max((finding.confidence for finding in findings), default=0.0)
        best = [finding for finding in findings if finding.confidence == surest]
        if len({finding.value.casefold() for finding in best}) > 1:
            conflicting.append(name)
        elif best:
            summary[name] = _total(best[0]) if name == "total" else best[0].value
    summary.update(_unlabelled(found, summary))
    return {**summary, "conflicting": conflicting} if conflicting else summary


def _unlabelled(found: list[Found], summary: dict[str, object]) -> dict[str, object]:
    """The sides of a contract, and who stands at the head of a document that names no sender."""
    parties = [finding for _, finding in found if finding.kind == "party"]
    sides = list(dict.fromkeys(one.value for one in parties if one.details["role"] == "contract-party"))[:MOST_SIDES]
    more: dict[str, object] = {"parties": sides} if len(sides) > 1 else {}
    heads = [one.value for one in parties if one.details["role"] == "letterhead"]
    if heads and not {"seller", "sender"} & summary.keys() and heads[0] not in summary.values():
        more["issuer"] = heads[0]
    return more


def _total(finding: Finding) -> dict[str, object]:
    return {"amount": finding.details["amount"], "currency": finding.details["currency"], "text": finding.text}


def _as_json(page: int, finding: Finding, box: Box | None) -> dict[str, object]:
    plain: dict[str, object] = {
        "kind": finding.kind,
        "value": finding.value,
        "text": finding.text,
        "page": page,
        "start": finding.start,
        "end": finding.end,
        "confidence": round(finding.confidence, 2),
    }
    if finding.details:
        plain["details"] = dict(finding.details)
    return plain if box is None else {**plain, **box.as_json()}
