"""Numbers that carry a check digit: IBAN, VAT id, payment card, ISBN. Wrong check digits: not found at all.

Each search collects characters from a possible beginning and lets python-stdnum decide; nothing here knows the check
rules. Unlabelled numbers with weak checks are given lower confidence.
"""

import re
from collections.abc import Iterator

from stdnum import iban, isbn, luhn
from stdnum.ch import uid as swiss_uid
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as british_vat

from filemill.ai.capabilities.entities.finding import Finding

_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?=[ \u00a0-]?[A-Z0-9])")
_VAT_COUNTRIES = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI|CHE"
_VAT_START = re.compile(rf"(?<![A-Za-z0-9])(?:{_VAT_COUNTRIES})(?=[ \u00a0-]?[A-Z0-9])")
_VAT_LABEL = re.compile(r"\b(?:VAT|USt|UID|MwSt|TVA|BTW|IVA|NIF|MOMS|tax\s+id|P\.?\s?IVA)\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ -]?)\d{6}\2\d{5})(?![\w-]|[.,]\d)")
_ISBN_13 = re.compile(r"(?<![\w-])97[89](?:[ -]?\d){10}(?![\w-])")
_ISBN_10 = re.compile(r"\bISBN(?:-10)?\s{0,3}[:#]?\s{0,3}(\d(?:[ -]?\d){8}[ -]?[\dXx])(?![\w-])")

# First digits of the brands (ISO/IEC 7812): what else passes Luhn by chance (1 in 10) is not a card.
_BRANDS = (
    ("American Express", re.compile(r"3[47]\d{13}$")),
    ("Visa", re.compile(r"4\d{15}$")),
    ("Mastercard", re.compile(r"(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}$")),
    ("Discover", re.compile(r"6(?:011|5\d\d)\d{12}$")),
)
_SEPARATORS = " \u00a0-."
_LABEL_REACH = 30  # characters before a number where its label may stand
_IBAN_LENGTHS = range(34, 14, -1)
_VAT_LENGTHS = range(15, 9, -1)  # shorter ids exist, but their checks are too weak to believe without more


def find_ibans(text: str) -> Iterator[Finding]:
    """Yield account numbers whose length, structure and check digits are right; `value` is without spaces."""
    for start in _IBAN_START.finditer(text):
        for compact, end in _collected(text, start.start(), _IBAN_LENGTHS):
            if _adds_up(compact) and iban.is_valid(compact):
                yield Finding.at("iban", compact, text, (start.start(), end), 0.99, country=compact[:2])
                break


def find_vat_ids(text: str) -> Iterator[Finding]:
    """Yield European VAT ids with right check digits; an unlabelled one must be written without spaces."""
    for start in _VAT_START.finditer(text):
        label = _VAT_LABEL.search(text, max(0, start.start() - _LABEL_REACH), start.start())
        for compact, end in _collected(text, start.start(), _VAT_LENGTHS):
            if (label or end - start.start() == len(compact)) and _is_vat_id(compact):
                confidence = 0.98 if label else 0.7
                yield Finding.at("vat-id", compact, text, (start.start(), end), confidence, country=compact[:2])
                break


def find_cards(text: str) -> Iterator[Finding]:
    """Yield payment card numbers (Luhn and brand); `value` shows the last four digits only."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        brand = next((name for name, shape in _BRANDS if shape.match(digits)), None)
        if brand and luhn.is_valid(digits) and len(set(digits)) > 1:
            grouped = len(match.group()) > len(digits)
            masked = "*" * (len(digits) - 4) + digits[-4:]
            yield Finding.at("credit-card", masked, text, match.span(), 0.9 if grouped else 0.6, brand=brand)


def find_isbns(text: str) -> Iterator[Finding]:
    """Yield book numbers; ten digits count only behind the word ISBN. `value` is the 13-digit form."""
    for match in _ISBN_13.finditer(text):
        compact = isbn.compact(match.group())
        if isbn.is_valid(compact):
            yield Finding.at("isbn", compact, text, match.span(), 0.97)
    for match in _ISBN_10.finditer(text):
        compact = isbn.compact(match.group(1)).upper()
        if isbn.is_valid(compact):
            yield Finding.at("isbn", isbn.to_isbn13(compact), text, match.span(1), 0.97)


def _collected(text: str, start: int, lengths: range) -> Iterator[tuple[str, int]]:
    """Yield (compact, end) for each wanted length, longest first, that ends where a word ends."""
    compact, ends = "", []
    position = start
    while position < len(text) and len(compact) < lengths.start:
        character = text[position]
        if character.isascii() and (character.isdigit() or character.isupper()):
            compact += character
            ends.append(position + 1)
        elif character not in _SEPARATORS or text[position - 1] in _SEPARATORS:
            break
        position += 1
    for length in lengths:
        if length <= len(compact):
            end = ends[length - 1]
            if end == len(text) or not text[end].isalnum():
                yield compact[:length], end


def _adds_up(compact: str) -> bool:
    """ISO 13616: the remainder by 97 is 1. Checked first because it is fast; python-stdnum knows the structures."""
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _is_vat_id(compact: str) -> bool:
    if compact.startswith("GB"):
        return bool(british_vat.is_valid(compact[2:]))
    if compact.startswith("CHE"):
        return bool(swiss_uid.is_valid(compact))
    return bool(eu_vat.is_valid(compact))
