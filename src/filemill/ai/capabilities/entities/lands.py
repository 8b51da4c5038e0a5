"""Which land a document seems to be of: what tells how its national telephone numbers and short dates are meant.

By what is sure first (account and VAT numbers, telephone prefixes, then the currency), by the language last. A guess, and
the findings that rest on it say so (`assumed_region`, `assumed_order`).
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.money import find_amounts
from filemill.ai.capabilities.entities.numbers import find_ibans, find_vat_ids

# Where a language is mostly spoken; used only to read national numbers, and said in the finding.
_REGION_OF = {
    "en": "US",
    "de": "DE",
    "fr": "FR",
    "es": "ES",
    "it": "IT",
    "nl": "NL",
    "pt": "PT",
    "zh": "CN",
    "ja": "JP",
}
_BY_CURRENCY = {"GBP": "GB", "CHF": "CH", "USD": "US", "CAD": "CA", "AUD": "AU", "PLN": "PL", "SEK": "SE"}
_BY_PREFIX = {"44": "GB", "49": "DE", "43": "AT", "41": "CH", "33": "FR", "32": "BE", "39": "IT", "34": "ES"}
_BY_PREFIX |= {"31": "NL", "1": "US"}
_PREFIX = re.compile(r"(?:\+|\b00)(44|49|43|41|33|32|39|34|31|1)(?=[ ()./-]?\d)")
# What only British documents write; American ones have no such forms.
_BRITISH = re.compile(r"\b(?:Ltd|plc|PLC|LLP)\b|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\bcheques?\b")
_FOREIGN_CODES = {"CHE": "CH", "EL": "GR", "XI": "GB"}
_MOST_REGIONS = 3
_SAMPLE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Hints:
    """The lands to read national numbers by, the likeliest first, and the currency most amounts are in, or None."""

    regions: tuple[str, ...]
    currency: str | None


def hints_of(texts: Iterable[str], language: str | None) -> Hints:
    """Weigh what the pages say of their land."""
    lands: Counter[str] = Counter()
    currencies: Counter[str] = Counter()
    british = False
    for text in texts:
        currencies.update(str(finding.details["currency"]) for finding in find_amounts(text, language))
        sample = text[:_SAMPLE_CHARACTERS]
        for finding in (*find_ibans(sample), *find_vat_ids(sample)):
            lands[_land_of(finding)] += 2
        lands.update(_BY_PREFIX[match[1]] for match in _PREFIX.finditer(sample))
        british = british or (language == "en" and _BRITISH.search(sample) is not None)
    currency = currencies.most_common(1)[0][0] if currencies else None
    by_currency = _BY_CURRENCY.get(currency or "") if language in {None, "en"} or currency == "CHF" else None
    likely = (
        *(land for land, _ in lands.most_common()),
        "GB" if british and currency != "USD" else None,
        by_currency,
        _REGION_OF.get(language or ""),
        "GB" if language == "en" else None,  # a number that begins with 0 cannot be American
    )
    return Hints(tuple(dict.fromkeys(land for land in likely if land))[:_MOST_REGIONS], currency)


def _land_of(finding: Finding) -> str:
    country = str(finding.details["country"])
    return _FOREIGN_CODES.get(finding.value[:3]) or _FOREIGN_CODES.get(country) or country
