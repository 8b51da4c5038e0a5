"""Facts that only a label makes sure of: invoice numbers, other references, totals, parties.

Nothing is guessed from layout alone: without its label a number or a name is not found.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.labels import (
    INVOICE_NUMBER,
    PLAIN_TOTAL,
    REFERENCE,
    ROLES,
    STRONG_TOTAL,
)
from filemill.ai.capabilities.entities.money import currency_code, number_pattern, parsed_amount

_GAP = r"[ \t\u00a0]{0,40}"
_CODE_SHAPE = r"(?P<code>[A-Z0-9][A-Z0-9./_-]{1,38}[A-Z0-9])(?!\w)"
_INVOICE_NUMBER = re.compile(
    rf"\b(?:{'|'.join(INVOICE_NUMBER)})\.?{{gap}}[:#]?{{gap}}".replace("{gap}", _GAP) + _CODE_SHAPE, re.IGNORECASE
)
_REFERENCE = re.compile(
    rf"\b(?P<label>{'|'.join(REFERENCE)}){_GAP}"
    rf"(?:(?:no|number|id)\b\.?{_GAP}[:#]?|#{_GAP}:?|(?<=txn):|(?<=ref):|(?<=reference):){_GAP}{_CODE_SHAPE}",
    re.IGNORECASE,
)
_SIGN = r"US\$|[€$£¥]|[A-Z]{3}(?![A-Za-z])"
_SPACED = r"\d{1,3}(?: \d{3})+,\d{2}(?!\d)"
_TOTAL = re.compile(
    rf"(?<![\w-])(?<!sub )(?P<label>(?P<strong>{'|'.join(STRONG_TOTAL)})|{'|'.join(PLAIN_TOTAL)})"
    rf"(?:{_GAP}(?:incl\.?|including|inkl\.?)[^\n:\d]{{0,20}})?{_GAP}[:=]?{_GAP}"
    rf"(?:\(?(?P<before>{_SIGN})\)?:?{_GAP})?(?P<number>{_SPACED}|{number_pattern('g')}){_GAP}"
    rf"(?P<after>{_SIGN})?(?![\w%]|[.,]\d|{_GAP}%)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|MXN|ZAR|SGD|HKD|[€$£¥]|US\$"
)
_PARTY = re.compile(
    rf"^[ \t]*(?P<label>{'|'.join(f'(?P<{role}>{words})' for role, words in ROLES.items())})(?!\w)"
    r"(?P<colon>[ \t]*:)?[ \t]*(?P<newline>\r?\n[ \t]*)?(?:name:?[ \t]+)?(?P<name>[^\r\n]{2,90})(?=\r|$)",
    re.IGNORECASE | re.MULTILINE,
)
_NAME_END = re.compile(r"\s{3,}|\s<|\t|\s+(?:year|phone|tel|email|e-mail|date|no\.?|id|make)\b", re.IGNORECASE)
_HEADS = frozenset({"buyer", "customer", "seller", "supplier", "vendor"})
_NAME = re.compile(r"[^\W\d_][\w .,&'’()/-]{1,78}")
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


def find_invoice_numbers(text: str) -> Iterator[Finding]:
    """Yield the token behind an invoice-number label in seven languages; it must hold a digit."""
    for match in _INVOICE_NUMBER.finditer(text):
        if _is_reference(match["code"]):
            yield Finding.at("invoice-number", match["code"], text, match.span("code"), 0.93)


def find_references(text: str) -> Iterator[Finding]:
    """Yield other labelled numbers (order, claim, policy, receipt...); details say the label."""
    for match in _REFERENCE.finditer(text):
        if _is_reference(match["code"]):
            label = " ".join(match["label"].lower().split())
            yield Finding.at("reference", match["code"], text, match.span("code"), 0.85, label=label)


def find_totals(text: str, usual_currency: str | None) -> Iterator[Finding]:
    """Yield amounts behind a word for "total"; one without a currency gets the document's, and says so."""
    for match in _TOTAL.finditer(text):
        amount, written = parsed_amount(match["number"]), _currency_of(match)
        if amount is None or (written is None and not re.search(r"[.,' \u00a0]\d", match["number"])):
            continue  # "Total 48": a count, not an amount
        currency = currency_code(written)[0] if written else usual_currency
        details: dict[str, object] = {"amount": str(amount), "currency": currency, "label": match["label"]}
        if written is None and currency:
            details["assumed_currency"] = True
        start = match.start("before") if match["before"] and written == match["before"] else match.start("number")
        end = match.end("after") if match["after"] and written == match["after"] else match.end("number")
        confidence = 0.93 if match["strong"] else 0.8
        value = f"{currency} {amount}" if currency else str(amount)
        yield Finding.at("total", value, text, (start, end), confidence if written else confidence - 0.2, **details)


def find_parties(text: str) -> Iterator[Finding]:
    """Yield the name behind (or under) a label such as "Bill to:"; details say the role."""
    for match in _PARTY.finditer(text):
        label = match["label"].lower()
        # One everyday word ("from", "supplier") is a label only with a colon, or alone above a name.
        if not match["colon"] and " " not in label and not (match["newline"] and label in _HEADS):
            continue
        name = _NAME_END.split(match["name"], maxsplit=1)[0]
        lead = len(name) - len(name.lstrip(" \"'"))
        name = name.strip(" \"',;:")
        if not _NAME.fullmatch(name) or name[0].islower() or sum(character.isdigit() for character in name) > 4:
            continue
        role = next(role for role in ROLES if match[role])
        start = match.start("name") + lead
        yield Finding.at("party", name, text, (start, start + len(name)), 0.8, role=role, label=match["label"])


def _currency_of(match: re.Match[str]) -> str | None:
    for written in (match["after"], match["before"]):
        if written and _CURRENCY.fullmatch(written.upper()):
            return str(written)
    return None


def _is_reference(code: str) -> bool:
    return any(character.isdigit() for character in code) and not _DATE_LIKE.fullmatch(code)
