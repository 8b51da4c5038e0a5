"""Amounts of money: our patterns find them (a number beside a currency), price-parser reads the number.

A number without a currency is not an amount here; `invoices` accepts one behind the word "total". `$`, `£` and `¥` are
used by several countries: the finding names the usual one and says that it was assumed.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from price_parser import Price

from filemill.ai.capabilities.entities.finding import Finding

_CODES = (
    "EUR|USD|GBP|CHF|JPY|CNY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|INR|BRL|MXN|ZAR|SGD|HKD|KRW|TRY|ILS|AED|THB"
)
_WORDS = {"euro": "EUR", "euros": "EUR", "dollars": "USD", "pounds": "GBP", "francs": "CHF", "yen": "JPY"}
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "US$": "USD", "C$": "CAD", "A$": "AUD", "₹": "INR"}
_SYMBOLS |= {"zł": "PLN", "元": "CNY", "￥": "CNY"}
_ASSUMED = frozenset({"$", "£", "¥", "dollars", "pounds", "francs"})

_SPACES = " \u00a0\u202f"
_SPACE_GROUPING = frozenset({"cs", "es", "fi", "fr", "no", "pl", "pt", "ru", "sk", "sv", "uk"})  # 12 340,00
_GROUP_BEFORE = re.compile(r"(?<![\w.,-])\d{1,3}(?: \d{3})* $")
_GROUP_REACH = 12
_MINUS_BEFORE = re.compile(r"(?<![\w-])[-−]$|^[-−]$")


def number_pattern(group: str) -> str:
    """Return a pattern for one number: 1,284.50  1.284,50  1'284.50  1284.50  12 (`group` is a unique group name)."""
    separator = rf"(?P<{group}>[,.'\u00a0\u202f’])"
    return (
        rf"\d{{1,3}}{separator}\d{{3}}(?:(?P={group})\d{{3}}){{0,3}}(?:[.,]\d{{1,4}})?(?!\d)"
        r"|\d{1,12}(?:[.,]\d{1,4})?"
    )


_BEFORE = re.compile(
    rf"(?<![\w$€£¥])(?P<currency>US\$|C\$|A\$|[€$£¥₹￥]|(?:{_CODES})(?![A-Za-z]))[{_SPACES}]?"
    rf"(?P<sign>[-−]?)(?P<number>{number_pattern('g')})(?![\w]|[.,]\d)"
)
_AFTER = re.compile(
    rf"(?<![\w$€£¥.,'/-])(?P<sign>[-−]?)(?P<number>{number_pattern('g')})[{_SPACES}]?"
    rf"(?P<currency>[€£¥₹]|zł|元|(?:{_CODES})(?!\w)|(?:{'|'.join(_WORDS)})(?!\w))",
    re.IGNORECASE,
)


def find_amounts(text: str, language: str | None) -> Iterator[Finding]:
    """Yield amounts; `value` is `CODE 1284.50`, details carry amount and currency."""
    for pattern in (_BEFORE, _AFTER):
        for match in pattern.finditer(text):
            start = _start_of_groups(text, match, language)
            groups = text[start : match.start()]
            amount = parsed_amount(groups + match["number"])
            if amount is None:
                continue
            minus = _MINUS_BEFORE.search(text, max(0, start - 2), start)
            if match["sign"] or minus:
                amount = -amount
                start = minus.start() if minus else start
            currency, assumed = currency_code(match["currency"])
            details: dict[str, object] = {"amount": str(amount), "currency": currency}
            if assumed:
                details["assumed_currency"] = True
            grouped = bool(groups)  # a neighbouring column of a table looks the same
            confidence = 0.6 if grouped else 0.9 if assumed else 0.95
            yield Finding.at("money", f"{currency} {amount}", text, (start, match.end()), confidence, **details)


def parsed_amount(number: str) -> Decimal | None:
    """Read a number as people write amounts (`1.284,50` and `1,284.50` are the same), or None."""
    # A space or an apostrophe only groups thousands; price-parser does not know all of them.
    plain = re.sub(r"[ \u00a0\u202f'’]", "", number)
    return Price.fromstring(plain).amount


def currency_code(written: str) -> tuple[str, bool]:
    """Return the ISO 4217 code for a symbol, word or code, and whether that is an assumption."""
    known = _SYMBOLS.get(written) or _WORDS.get(written.lower()) or written.upper()
    return known, written.lower() in _ASSUMED


def _start_of_groups(text: str, match: re.Match[str], language: str | None) -> int:
    """Where the amount begins when its thousands are set apart by plain spaces, as some languages do."""
    whole = re.match(r"\d+", match["number"])
    if language not in _SPACE_GROUPING or match["sign"] or whole is None or len(whole.group()) != 3:
        return match.start()
    before = _GROUP_BEFORE.search(text, max(0, match.start() - _GROUP_REACH), match.start())
    return before.start() if before and match.re is _AFTER else match.start()
