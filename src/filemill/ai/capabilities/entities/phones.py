"""Telephone numbers by phonenumbers; a number without a country code is read by the land the document seems to be of.

A number in another finding (IBAN, date, amount) is settled by `find`, not here.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from filemill.ai.capabilities.entities.finding import Finding

_LABEL = re.compile(
    r"(?:\b(?:phone|telephone|tel|mobile|cell|fax|call|telefon|handy|mobil|t[ée]l[ée]phone|t[ée]l|portable|m[óo]vil"
    r"|tel[ée]fono|telefono|cellulare|telefoon|telefone|telemóvel)\b|☎|电话)\W{0,6}(?:\w{1,9}\W{1,3})?$",
    re.IGNORECASE,
)
_LABEL_REACH = 24
_MIN_DIGITS = 7
_MAX_TRIES = 2_000  # candidates per page that phonenumbers may reject before it gives up
_MOST = 2_000  # numbers of one page
_SEPARATOR = re.compile(r"[\s()./-]")


def find_phones(text: str, regions: Sequence[str]) -> Iterator[Finding]:
    """Yield numbers: international ones, national ones behind a label, and national ones grouped as one of `regions` does.

    The surest first, so that what is a number in one of the lands is not read by another where it cannot be one.
    """
    found = [finding for region in regions or (None,) for finding in _of_region(text, region)]
    yield from sorted(found, key=lambda finding: -finding.confidence)


def _of_region(text: str, region: str | None) -> Iterator[Finding]:
    for match in islice(PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE, max_tries=_MAX_TRIES), _MOST):
        raw, number = match.raw_string, match.number
        if sum(character.isdigit() for character in raw) < _MIN_DIGITS:
            continue
        international = raw.lstrip().startswith(("+", "(+"))
        labelled = _LABEL.search(text[max(0, match.start - _LABEL_REACH) : match.start]) is not None
        valid = phonenumbers.is_valid_number(number)
        confidence = _confidence(raw, international=international, labelled=labelled, valid=valid)
        if confidence is None or not (international or labelled or _grouped_as_usual(raw, region)):
            continue
        details: dict[str, object] = {"checked": "valid" if valid else "possible"}
        if not international:
            details["assumed_region"] = region
        value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        yield Finding.at("phone", value, text, (match.start, match.end), confidence, **details)


def _confidence(raw: str, *, international: bool, labelled: bool, valid: bool) -> float | None:
    if valid and international:
        return 0.97
    if valid and labelled:
        return 0.9
    if valid and len(_SEPARATOR.findall(raw)) >= 2:
        return 0.7
    return 0.5 if labelled else None


def _grouped_as_usual(raw: str, region: str | None) -> bool:
    """Grouped as the region writes numbers, and with one kind of separator: 252.227-7013 is a clause of a contract."""
    if "." in raw and "-" in raw:
        return False
    return PhoneNumberMatcher(raw, region, leniency=Leniency.STRICT_GROUPING, max_tries=1).has_next()
