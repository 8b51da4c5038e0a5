"""Numbers that only a label makes sure of: invoice numbers, and other references with the label that stands before them.

Nothing is guessed from the shape of a number alone: without its label it is not found. Each must hold a digit, one behind
the bare name of a document three.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.labels import (
    INVOICE,
    INVOICE_NUMBER,
    NOT_REFERENCE,
    REFERENCE,
    REFERENCE_WORD,
)

_GAP = r"[ \t\u00a0]{0,40}"
_CODE_SHAPE = r"(?P<code>[A-Z0-9][A-Z0-9./_-]{1,38}[A-Z0-9])(?!\w)"
_INVOICE_NUMBER = re.compile(
    rf"\b(?:{'|'.join(INVOICE_NUMBER)})\.?{{gap}}[:#]?{{gap}}".replace("{gap}", _GAP) + _CODE_SHAPE, re.IGNORECASE
)
_INVOICE = re.compile(rf"\b(?:{INVOICE}){_GAP}[:#]?{_GAP}{_CODE_SHAPE}", re.IGNORECASE)
_REFERENCE = re.compile(
    rf"\b(?P<label>{'|'.join(REFERENCE)}){_GAP}"
    rf"(?:(?:no|number|num|nr|id)\b\.?{_GAP}[:#]?|#{_GAP}:?|/ ?rev(?:ision)?{_GAP}:?|:|(?=[A-Z]{{0,6}}\d))"
    rf"{_GAP}{_CODE_SHAPE}",
    re.IGNORECASE,
)
_REFERENCE_WORD = re.compile(
    rf"\b(?P<label>{REFERENCE_WORD.replace('{gap}', _GAP)})\.?{_GAP}[:#]?{_GAP}{_CODE_SHAPE}", re.IGNORECASE
)
_BARE = re.compile(
    rf"(?<!\w)(?P<label>n[°º]|nr\.|no\.|number|nummer|num[ée]ro){_GAP}:?{_GAP}{_CODE_SHAPE}", re.IGNORECASE
)
_NOT_REFERENCE = re.compile(rf"(?:{NOT_REFERENCE})[\w.-]{{0,12}}[ \t]{{0,3}}$", re.IGNORECASE)
_DATE_LIKE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d\d|\d{4})")
_YEAR_OR_PRICE = re.compile(r"(?:19|20)\d\d|\d+[.]\d\d")
_LABEL_REACH = 24


def find_invoice_numbers(text: str) -> Iterator[Finding]:
    """Yield the token behind an invoice-number label in seven languages, or directly behind the word itself."""
    for match in _INVOICE_NUMBER.finditer(text):
        if _is_reference(match["code"], digits=1):
            yield Finding.at("invoice-number", match["code"], text, match.span("code"), 0.93)
    for match in _INVOICE.finditer(text):
        if _is_reference(match["code"], digits=3):
            yield Finding.at("invoice-number", match["code"], text, match.span("code"), 0.8)


def find_references(text: str) -> Iterator[Finding]:
    """Yield other labelled numbers (order, claim, policy, receipt...); details say the label."""
    for pattern, confidence, digits in ((_REFERENCE_WORD, 0.88, 1), (_REFERENCE, 0.85, 1), (_BARE, 0.7, 3)):
        for match in pattern.finditer(text):
            bare = text[match.end("label") : match.start("code")].strip() == ""
            if not _is_reference(match["code"], digits=3 if bare and pattern is _REFERENCE else digits):
                continue
            if pattern is _BARE and _NOT_REFERENCE.search(text, max(0, match.start() - _LABEL_REACH), match.start()):
                continue
            label = " ".join(match["label"].lower().split())
            yield Finding.at("reference", match["code"], text, match.span("code"), confidence, label=label)


def _is_reference(code: str, *, digits: int) -> bool:
    """Whether a token can be a document's number; a lone year or price behind the bare word is not."""
    count = sum(character.isdigit() for character in code)
    if count < digits or _DATE_LIKE.fullmatch(code):
        return False
    return digits == 1 or _YEAR_OR_PRICE.fullmatch(code) is None
