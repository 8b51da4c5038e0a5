"""Dates by our own patterns; dateparser only turns a matched date with a month's name into numbers.

Free search for dates (dateparser.search) finds more false dates than true ones. Of `03/04/2025` nobody can tell the
month alone: another date of the same document decides, else the language, and the finding says that it was assumed.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache

from dateparser.date import DateDataParser

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.lands import Hints

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|okt|dez"
    "|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|janv|févr|juil|déc"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|januari|februari|maart|mei|augustus"
    "|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_YEAR = r"(?:1[6-9]\d\d|20\d\d)"
_EDGE_BEFORE, _EDGE_AFTER = r"(?<![\w/.,-])", r"(?![\w/]|[.,-]\d)"
_ISO = re.compile(rf"(?<![\w/.-])({_YEAR})-(\d\d)-(\d\d)(?!\d|[-/.]\d)")
_NUMERIC = re.compile(rf"{_EDGE_BEFORE}(\d{{1,2}})([./-])(\d{{1,2}})\2({_YEAR})(?![\w/]|[.,-]\d)")
_SHORT_YEAR = re.compile(
    rf"{_EDGE_BEFORE}(\d{{1,2}})(/)(\d{{1,2}})/(\d\d){_EDGE_AFTER}|{_EDGE_BEFORE}(\d\d)(\.)(\d\d)\.(\d\d){_EDGE_AFTER}"
)
_DAY_FIRST = re.compile(
    rf"{_EDGE_BEFORE}\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s{{1,2}}(?:de\s|of\s)?(?:{_MONTHS})\.?,?\s{{1,2}}(?:de\s)?{_YEAR}(?!\w)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"{_EDGE_BEFORE}(?:{_MONTHS})\.?\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?,?\s{{1,2}}{_YEAR}(?!\w)", re.IGNORECASE
)
_MONTH_ONLY = re.compile(rf"{_EDGE_BEFORE}(?:{_MONTHS})\.?\s{{1,2}}(?:de\s)?{_YEAR}(?!\w)", re.IGNORECASE)
_CHINESE = re.compile(rf"({_YEAR})\s?年\s?(\d{{1,2}})\s?月\s?(\d{{1,2}})\s?[日号]")
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt"]


def find_dates(text: str, language: str | None, *, told: bool | None, likely: bool) -> Iterator[Finding]:
    """Yield dates, `value` in ISO 8601 (a month alone as `2024-12`).

    `told` is what `numeric_order` said of the document, `likely` what `likely_order` guesses: month first or not.
    """
    for pattern in (_ISO, _CHINESE):
        for match in pattern.finditer(text):
            value = _iso(int(match[1]), int(match[2]), int(match[3]))
            if value:
                yield Finding.at("date", value, text, match.span(), 0.98)
    for pattern, confidence in ((_NUMERIC, 0.95), (_SHORT_YEAR, 0.8)):
        for match in pattern.finditer(text):
            finding = _numeric(match, text, told, likely, confidence)
            if finding:
                yield finding
    for pattern, precision in ((_DAY_FIRST, "day"), (_MONTH_FIRST, "day"), (_MONTH_ONLY, "month")):
        for match in pattern.finditer(text):
            value = _named(match.group(), language, precision)
            if value:
                yield Finding.at("date", value, text, match.span(), 0.97 if precision == "day" else 0.85)


def numeric_order(text: str) -> bool | None:
    """Tell from dates with a day above 12 whether the month comes first in this text; None: they do not tell."""
    month_first = day_first = 0
    for pattern in (_NUMERIC, _SHORT_YEAR):
        for match in pattern.finditer(text):
            first, separator, second, _ = (group for group in match.groups() if group is not None)
            if separator == "/" and int(first) <= 12 < int(second) <= 31:
                month_first += 1
            elif separator == "/" and int(second) <= 12 < int(first) <= 31:
                day_first += 1
    return None if month_first == day_first else month_first > day_first


def likely_order(language: str | None, hints: Hints) -> bool:
    """Guess the order when no date tells it: month first only in English that may well be American."""
    return language == "en" and hints.currency in {None, "USD"} and hints.regions[:1] in {(), ("US",)}


def _numeric(match: re.Match[str], text: str, told: bool | None, likely: bool, confidence: float) -> Finding | None:
    first, separator, second, year_text = (group for group in match.groups() if group is not None)
    year = int(year_text) + (0 if len(year_text) == 4 else 2000 if int(year_text) < 70 else 1900)
    month_first = told if separator == "/" else False  # with dots and dashes the day comes first everywhere
    assumed = month_first is None and first != second and max(int(first), int(second)) <= 12
    if month_first is None:
        month_first = likely
    day, month = (int(second), int(first)) if month_first else (int(first), int(second))
    if month > 12 >= day:  # the other way round is the only possible one
        day, month = month, day
    value = _iso(year, month, day)
    if value is None:
        return None
    details: dict[str, object] = {"assumed_order": "month-first" if month_first else "day-first"} if assumed else {}
    return Finding.at("date", value, text, match.span(), 0.6 if assumed else confidence, **details)


@lru_cache(maxsize=512)  # 0.8 ms each, and documents repeat their dates
def _named(words: str, language: str | None, precision: str) -> str | None:
    """Let dateparser read the month's name, the document's own language first."""
    found = _parser(language if language in _LANGUAGES else "en").get_date_data(" ".join(words.split())).date_obj
    if found is None:
        return None
    return str(found.strftime("%Y-%m-%d" if precision == "day" else "%Y-%m"))


@cache
def _parser(language: str) -> DateDataParser:
    languages = [language, *(code for code in _LANGUAGES if code != language)]
    settings = {"REQUIRE_PARTS": ["month", "year"], "PREFER_DAY_OF_MONTH": "first"}
    return DateDataParser(languages=languages, use_given_order=True, settings=settings)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
