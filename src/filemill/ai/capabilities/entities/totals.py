"""Totals: an amount behind a word that says it is one. Without the word no amount is called a total.

A sum before tax ("Net total", "Total HT") is not one.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.labels import PLAIN_TOTAL, STRONG_TOTAL
from filemill.ai.capabilities.entities.money import currency_code, number_pattern, parsed_amount

_GAP = r"[ \t\u00a0]{0,40}"
_SIGN = r"US\$|[€$£¥]|[A-Z]{3}(?![A-Za-z])"
_SPACED = r"\d{1,3}(?: \d{3})+,\d{2}(?!\d)"
_TOTAL = re.compile(
    rf"(?<![\w-])(?<!sub )(?<!net )(?<!netto )(?P<label>(?P<strong>{'|'.join(STRONG_TOTAL)})|{'|'.join(PLAIN_TOTAL)})"
    rf"(?: ?\(?(?:incl?\.?|including|inkl\.?|brutto|gross|ttc)(?![a-z])[^\n:\d]{{0,20}}(?:\d{{1,2}} ?%[^\n:\d]{{0,20}})?)?"
    rf"{_GAP}(?:[:=]{_GAP})?"
    rf"(?:\(?(?P<before>{_SIGN})\)?:?{_GAP})?(?P<number>{_SPACED}|{number_pattern('g')}){_GAP}"
    rf"(?P<after>{_SIGN})?(?![\w%]|[.,]\d|{_GAP}%)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|MXN|ZAR|SGD|HKD|[€$£¥]|US\$"
)


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


def _currency_of(match: re.Match[str]) -> str | None:
    for written in (match["after"], match["before"]):
        if written and _CURRENCY.fullmatch(written.upper()):
            return str(written)
    return None
