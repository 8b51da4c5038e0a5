"""What the layout of a text speaks for: blanks to fill in, quoted replies, numbered clauses, spans of years, price columns.

These are what a reader sees before reading a word, and what a text loses when its words are shuffled. Each yields points for
a class with the reason in words; `classes` adds them up. Linear in the text's length.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.class_points import Points
from filemill.ai.capabilities.words import sentences_of

_BLANK = re.compile(r"_{4,}|\.{6,}|(?:_{2,} ?/ ?){2}_{2,}")
_BOX = re.compile(r"[☐☑☒□■]|\[[ xX]?\]|\( ?\)")
_MAILBOX = re.compile(r"[^\W\d_] <[\w.+-]{1,64}@[\w.-]{3,120}>")
HEAD_CHARACTERS = 300
_QUOTED = re.compile(r"^[ \t]*>", re.MULTILINE)
_WROTE = re.compile(r"(?:\bwrote|\bschrieb|\ba écrit)(?:[ \u00a0]?:|\b[^\n]{0,60}:[ \t]*$)", re.MULTILINE)
_REPLY = re.compile(
    r"^[ \t]*(?:subject|betreff|objet|asunto|oggetto)[ \u00a0]?:[ \t]*(?:re|aw|wg|fwd?|tr|rép?)[ \u00a0]?:",
    re.IGNORECASE | re.MULTILINE,
)
_MAIL_SIGN = re.compile(r"^-- ?$", re.MULTILINE)
_YEARS = re.compile(
    r"(?:(?:\d\d[./])?(?:19|20)\d\d[ \t]?(?:[-–—]|to|until|bis|à)[ \t]?"
    r"(?:(?:\d\d[./])?(?:19|20)\d\d\b|today|present|now|heute|jetzt|aujourd['’]hui|présent|ce jour)"
    r"|\b(?:since|seit|depuis)[ \t](?:\d\d[./])?(?:19|20)\d\d)",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"copyright|©|\(c\)", re.IGNORECASE)
_CLAUSE = re.compile(r"^[ \t]*(?:§ ?\d+|(?:article|art\.|clause|section)[ \t]\d+)", re.IGNORECASE | re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]+[^\W\d_][^\n]{30,}", re.MULTILINE)
_NUMBERED_HEAD = re.compile(r"^[ \t]*\d(?:\.\d)?[.]?[ \t]+[^\W\d_][^\n.,;:]{2,40}$", re.MULTILINE)
_PRICE_LINE = re.compile(r"\d[.,]\d\d(?:[ \u00a0]?(?:[€£$]|[A-Z]{1,3}))?[ \t]*$")
_CLOCK = re.compile(r"\b[0-2]?\d:[0-5]\d\b(?!:)")
_PLACE_AND_DATE = re.compile(
    r"^[ \t]*[^\W\d_][\w .-]{1,30},[ \t](?:den|le|the)?[ \t]?\d{1,2}[. ][^\n]{3,20}\d{4}[ \t]*$", re.MULTILINE
)
_FIGURE = re.compile(
    r"\b(?:table|figure|fig\.|tabelle|abbildung|abb\.|tableau|annexe|appendix|anhang)[ \t][0-9A-Z]\b", re.IGNORECASE
)
_SHARE = re.compile(r"\d[ \u00a0]?(?:%|percent\b|per cent\b|prozent\b|pour cent\b)", re.IGNORECASE)
_MEASURED = re.compile(
    r"\d ?(?:°C|°F|mm|cm|dB|kWh|kW|km/h|mph|l/min|mg/kg|mg/l|hPa|bars?|lux|µg)(?![^\W\d_])|(?<![^\W\d_])pH(?![^\W\d_])"
)
_FIGURE_IN_WORDS = re.compile(r"(?<![\d./-])\d+(?:[.,]\d+)?(?![\d./-])(?= ?[^\W\d_]| ?%)")
FIGURE_WORDS, FIGURES_LEAST = 8, 4
_LABEL_LINE = re.compile(r"^[ \t]*[^\W\d_][^\n:]{1,34}[ \u00a0]?:", re.MULTILINE)
FORM_LINES = 2  # with a blank or a box: one is a line to sign on, or words that lost their lines
LONG_CHARACTERS = 12_000  # about five pages: bills, letters, mails and forms are shorter
MAX_LINE = 46  # of a till's paper, in characters


def by_layout(text: str) -> Iterator[Points]:
    """Yield what the look of the lines speaks for."""
    yield from _of_forms(text)
    yield from _of_mails_and_letters(text)
    yield from _of_bills(text)
    if sum(_YEARS.search(line) is not None and not _COPYRIGHT.search(line) for line in text.splitlines()) >= 2:
        yield Points("resume", 2.0, "lists spans of years")
    clauses = len(_CLAUSE.findall(text))
    if clauses >= 2:
        yield Points("contract", 2.0, "has numbered clauses")
    elif len(_NUMBERED.findall(text)) >= 3:
        yield Points("contract", 0.9, "has numbered sentences")
    if len(_NUMBERED_HEAD.findall(text)) >= 2:
        yield Points("report", 0.9, "has numbered headings")
    if _FIGURE.search(text):
        yield Points("report", 0.9, "refers to tables or figures")
        yield Points("article", 0.5, "refers to tables or figures")
    if len(_SHARE.findall(text)) >= 2:
        yield Points("report", 0.7, "speaks in percent")
    if len(_MEASURED.findall(text)) >= 3:
        yield Points("report", 0.7, "gives measurements")
    if _tells_figures(text):
        yield Points("report", 0.8, "tells figures in sentences")


def by_length(characters: int) -> Iterator[Points]:
    """Yield what a long text speaks against."""
    if characters > LONG_CHARACTERS:
        for short in ("invoice", "receipt", "letter", "e-mail", "resume", "form", "booking", "estimate"):
            yield Points(short, -1.5, "is long")


def _tells_figures(text: str) -> bool:
    """Whether four sentences of eight words and more, and a third of all such, have a number in them that is no date."""
    found = [text[start:end] for start, end in sentences_of(text)]
    long = [one for one in found if len(one.split()) >= FIGURE_WORDS]
    with_figure = sum(_FIGURE_IN_WORDS.search(one) is not None for one in long)
    return with_figure >= FIGURES_LEAST and with_figure * 3 >= len(long)


def _of_forms(text: str) -> Iterator[Points]:
    lines = text.splitlines()
    if sum(_BLANK.search(line) is not None or _BOX.search(line) is not None for line in lines) < FORM_LINES:
        return
    blanks, boxes = len(_BLANK.findall(text)), len(_BOX.findall(text))
    if blanks >= 4:
        yield Points("form", 2.8, "has many blanks to fill in")
    elif blanks >= 2:
        yield Points("form", 1.2, "has blanks to fill in")
    if boxes >= 2:
        yield Points("form", 2.2, "has boxes to tick")
    if blanks and len(_LABEL_LINE.findall(text)) >= 4:
        yield Points("form", 0.8, "has labels with nothing behind them")


def _of_mails_and_letters(text: str) -> Iterator[Points]:
    if _WROTE.search(text):
        yield Points("e-mail", 3.0, "answers what somebody wrote")
    if _MAILBOX.search(text, 0, HEAD_CHARACTERS):
        yield Points("e-mail", 1.7, "begins with somebody's mail address")
    if _QUOTED.search(text):
        yield Points("e-mail", 1.5, "quotes another mail")
    if _REPLY.search(text):
        yield Points("e-mail", 2.0, "has the subject of a reply")
    if _MAIL_SIGN.search(text):
        yield Points("e-mail", 1.0, "ends with a mail's signature")
    if _PLACE_AND_DATE.search(text):
        yield Points("letter", 1.2, "is dated from a place")


def _of_bills(text: str) -> Iterator[Points]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 4:
        return
    priced = sum(_PRICE_LINE.search(line) is not None for line in lines)
    narrow = sum(len(" ".join(line.split())) <= MAX_LINE for line in lines) >= 0.9 * len(lines)
    if priced >= 3 and narrow:
        yield Points("receipt", 1.2, "is narrow, with prices at the line ends")
    elif priced >= 3:
        yield Points("invoice", 0.6, "has prices at the line ends")
    if priced >= 2 and narrow and _CLOCK.search(text):
        yield Points("receipt", 1.2, "tells the time of day")
