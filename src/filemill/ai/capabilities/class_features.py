"""What the shape of a file speaks for: its type, its entities, the build of its lines, and for pictures their measures.

Each function yields points for classes with the reason in words; `classes` adds them up. Nothing here reads words for
their meaning (see `class_words`).
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities import facts
from filemill.ai.capabilities.class_points import Points
from filemill.ai.capabilities.picture import Picture
from filemill.ai.capabilities.subject import Subject
from filemill.ai.capabilities.words import sentences_of, words_of

PAGE_OF_WORDS = 600  # characters that were read in a picture
SURE = 6.0  # the type of the file says it by itself

_BY_TYPE = (
    (re.compile(r"message/rfc822|application/vnd\.ms-outlook"), "e-mail", "is a mail message"),
    (
        re.compile(r"text/(?:csv|tab-separated-values)|.*spreadsheet.*|application/vnd\.ms-excel.*"),
        "table",
        "is a table",
    ),
    (re.compile(r".*presentation.*|application/vnd\.ms-powerpoint.*"), "presentation", "is a presentation"),
    (re.compile(r"application/epub\+zip"), "book", "is an electronic book"),
    (re.compile(r"application/(?:zip|x-tar|gzip|x-7z-compressed|vnd\.rar|x-bzip2|x-xz)"), "archive", "is an archive"),
    (re.compile(r"audio/.*"), "audio", "is a sound recording"),
    (re.compile(r"video/.*"), "video", "is a video"),
    (
        re.compile(r"text/x-(?!log).*|application/(?:javascript|x-sh|x-python.*|x-httpd-php)|text/javascript"),
        "source-code",
        "is a program's source",
    ),
)
_CODE_NAMES = re.compile(
    r"\.(?:py|js|ts|tsx|jsx|java|c|h|cc|cpp|hpp|cs|go|rs|rb|php|sh|sql|kt|swift|scala|pl|lua|r|css|vue)$", re.IGNORECASE
)
_CODE_LINE = re.compile(
    r"[;{}]\s*$"
    r"|^\s*(?:def |class |import |from \S+ import|#include|function |const |let |var |public |return\b|if \(|for \()"
)
_CELLS = re.compile(r"\s{2,}|\t|[,;|](?=\S)| ")
_NUMBER_CELL = re.compile(r"[-+$€£]?\d[\d.,]*%?$")
_MAIL_HEADER = re.compile(
    r"^[ \t]*(from|to|cc|subject|date|sent|von|an|datum|gesendet|betreff|de|à|a|objet|envoyé(?: le)?|date)[ \u00a0]?:[ \t]*\S",
    re.IGNORECASE | re.MULTILINE,
)
_CITATION = re.compile(
    r"\((?:[A-Z][\w-]+(?: et al\.?| and [A-Z][\w-]+)?,? \d{4}[a-z]?[;,) ])"  # (Name et al., 2023
    r"|\[\d{1,3}(?:, ?\d{1,3})*\]|et al\."  # [12, 13]
)
_SCREENSHOT_NAME = re.compile(
    r"screen[ _-]?shot|screen[ _-]?capture|bildschirmfoto|capture d.écran|captura", re.IGNORECASE
)
_SCREENS = frozenset(
    {(1280, 720), (1366, 768), (1440, 900), (1536, 864), (1600, 900), (1680, 1050), (1920, 1080), (1920, 1200)}
    | {(2560, 1440), (2560, 1600), (2880, 1800), (3840, 2160), (1080, 1920), (1080, 2340), (1080, 2400), (1170, 2532)}
    | {(1179, 2556), (1284, 2778), (1290, 2796), (1440, 3200), (750, 1334), (828, 1792), (2048, 2732), (1024, 768)}
)


def by_type(subject: Subject) -> Iterator[Points]:
    """Yield what the content type (or a program's file name) says by itself."""
    for pattern, document_class, why in _BY_TYPE:
        if pattern.fullmatch(subject.content_type):
            yield Points(document_class, SURE, why)
            return
    if subject.content_type == "text/markdown":  # people write about bills in it, not bills
        for business in ("invoice", "receipt", "letter", "e-mail", "form"):
            yield Points(business, -1.5, "is written in Markdown")
    if subject.content_type.startswith("text/") and _CODE_NAMES.search(subject.filename):
        yield Points("source-code", 4.5, "is named like a program's source")


def by_entities(subject: Subject) -> Iterator[Points]:
    """Yield what the recognised entities speak for."""
    found = subject.found("entities")
    counts, summary = found.get("counts"), found.get("summary")
    if not isinstance(counts, dict) or not isinstance(summary, dict):
        return
    if counts.get("invoice-number"):
        yield Points("invoice", 2.0, "has an invoice number")
        yield Points("receipt", -1.0, "has an invoice number")
    if len(summary.get("parties", ())) > 1:
        yield Points("contract", 1.8, "names its parties")
    if counts.get("total"):
        yield Points("invoice", 0.8, "has a total", placed=False)
        yield Points("receipt", 1.0, "has a total", placed=False)
    if counts.get("iban") or counts.get("vat-id"):
        yield Points("invoice", 1.0, "has an account or VAT number", placed=False)


def by_lines(text: str) -> Iterator[Points]:
    """Yield what the build of the lines speaks for: mail headers, program code, columns of numbers, prose."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return
    headers = {match[1].lower() for match in _MAIL_HEADER.finditer(text[:2_000])}
    if len(headers) >= 3 and headers & {"subject", "betreff", "objet"}:
        yield Points("e-mail", 5.0, "begins with the headers of a mail")
    elif len(headers) >= 3:
        yield Points("e-mail", 2.0, "has some of the headers of a mail")
    if len(lines) >= 5 and sum(bool(_CODE_LINE.search(line)) for line in lines) >= 0.35 * len(lines):
        yield Points("source-code", 3.2, "has lines built like program code")
    if len(lines) >= 5 and sum(_is_row(line) for line in lines) >= 0.6 * len(lines):
        yield Points("table", 3.5, "consists mostly of rows of numbers")
    if len(_CITATION.findall(text)) >= 3:
        yield Points("article", 1.8, "cites other works")
    if _mostly_prose(text):
        yield Points("article", 1.2, "is running prose")


def by_picture(subject: Subject, picture: Picture) -> Iterator[Points]:
    """Yield what a picture's measures, size, name and EXIF speak for; only for files that are pictures."""
    size = facts.dimensions(subject) or (picture.width_px, picture.height_px)
    if min(size) < 16:  # a pixel or an icon: nothing can be said of it
        return
    camera = facts.camera(subject)
    if camera:
        yield Points("photo", 5.0, f"was taken with a camera ({camera})")
    if picture.grain >= 3.5 and picture.flatness < 0.35 and picture.paper < 0.5:
        yield Points("photo", 2.6, "has the grain and colours of a photo")
    if subject.content_type in {"image/jpeg", "image/heic", "image/heif"}:
        yield Points("photo", 0.6, "is stored as cameras do")
    if _SCREENSHOT_NAME.search(subject.filename):
        yield Points("screenshot", 4.0, "is named like a screenshot")
    if not camera and size in _SCREENS and subject.content_type in {"image/png", "image/webp", "image/jpeg"}:
        yield Points("screenshot", 2.6, "has the size of a screen")
    if len(subject.text) >= PAGE_OF_WORDS:
        yield Points("scan", 1.8, "shows a page full of words")
    if picture.paper >= 0.6 and picture.grain >= 2.5 and not subject.found("barcodes"):
        yield Points("scan", 2.4, "looks like dark marks on paper")
    elif picture.flatness >= 0.4 and picture.grain < 12 and picture.paper < 0.98:
        yield Points("graphic", 2.2, "has large even areas")
    if subject.found("barcodes") and picture.paper + picture.flatness > 0.8:
        yield Points("barcode", 4.0, "shows little but a barcode")


def _is_row(line: str) -> bool:
    cells = [cell for cell in _CELLS.split(line.strip()) if cell]
    numbers = sum(bool(_NUMBER_CELL.match(cell)) for cell in cells)
    return len(cells) >= 3 and numbers >= 2 and numbers * 3 >= len(cells)


def _mostly_prose(text: str) -> bool:
    """At least 250 words, most of them in sentences of ten to forty words."""
    total = inside = 0
    for start, end in sentences_of(text):
        count = len(words_of(text[start:end]))
        total += count
        inside += count if 10 <= count <= 45 else 0
    return total >= 250 and inside >= 0.7 * total
