"""Capability `description`: one to three sentences put together from what is known of the file.

It runs last and adds no knowledge: it says `composed: true` and names the findings it used. Not a caption: what a
picture shows is not known. Words taken from the file are quoted data, cut to one short line.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from filemill.ai.capabilities import facts
from filemill.ai.capabilities.description_words import (
    CLASS_NAMES,
    LANGUAGE_NAMES,
    count_of,
    day_of,
    listed,
    parts_of,
    size_of,
    type_name,
    with_article,
)
from filemill.ai.capabilities.picture import PictureError, measure
from filemill.ai.capabilities.results import Outcome
from filemill.ai.capabilities.subject import Subject

KEYWORDS = 4
QUOTED_CHARACTERS = 80
SURE_TONE = 0.6
LINE_END = "\n"
UNKNOWN_TYPE = "application/octet-stream"
MAILS = frozenset({"message/rfc822", "application/vnd.ms-outlook"})
TITLED = frozenset({"application/epub+zip"})
FROM_SOMEBODY = frozenset({"contract", "invoice", "receipt", "letter"})
_SELF_EVIDENT = frozenset(
    {"table", "presentation", "book", "archive", "audio", "video", "e-mail", "photo", "screenshot"}
)


class _Draft:
    """Sentences in the making and the names of the findings they use, in order of use."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.used: dict[str, None] = {}

    def use(self, *findings: str) -> None:
        self.used.update(dict.fromkeys(findings))

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence[0].upper() + sentence[1:].rstrip(".") + ".")


def describe(subject: Subject) -> Outcome:
    """Compose a description; there is always at least the type and the size."""
    draft = _Draft()
    if facts.is_picture(subject):
        _say_picture(subject, draft)
    else:
        _say_document(subject, draft)
    _say_barcodes(subject, draft)
    _say_topic(subject, draft)
    _say_tone(subject, draft)
    result = {"text": " ".join(draft.sentences), "composed": True, "composed_from": list(draft.used)}
    return Outcome("done", result)


def _say_picture(subject: Subject, draft: _Draft) -> None:
    draft.use("content_type")
    parts = [_classed(subject, draft, type_name(subject.content_type))]
    size = facts.dimensions(subject)
    if size:
        draft.use("dimensions")
        parts.append(f"of {size[0]} x {size[1]} pixels")
    camera, taken = facts.camera(subject), facts.taken_on(subject)
    if camera:
        draft.use("exif.camera")
        parts.append(f"taken with {_quoted(camera)}" + (f" on {day_of(taken)}" if taken else ""))
    elif taken:
        parts.append(f"dated {day_of(taken)}")
    if taken:
        draft.use("exif.date")
    sentence = " ".join(parts)
    colours = _colours(subject)
    if colours:
        draft.use("colours")
        sentence += f", mostly {listed(colours)}"
    if subject.language:
        draft.use("language")
        sentence += f", with words in {LANGUAGE_NAMES.get(subject.language, subject.language)}"
    draft.say(sentence + _labelled_facts(subject, draft))


def _say_document(subject: Subject, draft: _Draft) -> None:
    draft.use("content_type")
    noun = type_name(subject.content_type)
    pages = int(facts.number(subject, "page_count") or len(subject.pages))
    if pages > 1 and parts_of(subject.content_type) == "pages":
        draft.use("pages")
        noun = f"{count_of(pages)}-page {noun}"
    sentence = with_article(noun) + _measure(subject, draft, pages) + _titled(subject, draft)
    if subject.language:
        draft.use("language")
        sentence += f" in {LANGUAGE_NAMES.get(subject.language, subject.language)}"
    found = subject.found("classification")
    if found.get("class") and found["class"] not in _SELF_EVIDENT:
        draft.use("classification")
        name = CLASS_NAMES.get(str(found["class"]), str(found["class"]))
        sentence += f", {'probably ' if found.get('suggested') else ''}{with_article(name)}"
    draft.say(sentence + _labelled_facts(subject, draft))


def _measure(subject: Subject, draft: _Draft, pages: int) -> str:
    """How much of it there is: sheets, slides, entries, time, lines, or bytes where no words were found."""
    parts, duration = parts_of(subject.content_type), facts.number(subject, "duration_s")
    held = int(facts.number(subject, "entry_count") or 0) if parts == "entries" else pages
    if parts != "pages" and held > 1:
        draft.use(parts)
        return f" with {count_of(held)} {parts}"
    if duration:
        draft.use("duration")
        return f" of {_duration(duration)}"
    if subject.content_type == "text/csv" and subject.pages:
        draft.use("rows")
        return f" of {count_of(sum(page.text.rstrip().count(LINE_END) + 1 for page in subject.pages))} lines"
    if subject.text.strip():
        return ""
    draft.use("size")
    size = size_of(subject.size_bytes)
    if subject.content_type == UNKNOWN_TYPE:
        return f", {size}"
    return f" of {size}" + (", in which no text was found" if pages >= 1 and subject.pages else "")


def _titled(subject: Subject, draft: _Draft) -> str:
    """The title a book, recording or mail says it has; of other documents it is too often that of a template."""
    title = facts.words(subject, "subject" if subject.content_type in MAILS else "title")
    if not title or subject.content_type not in TITLED | MAILS:
        return ""
    draft.use("title")
    return f', "{_quoted(title)}",' if subject.language else f', "{_quoted(title)}"'


def _labelled_facts(subject: Subject, draft: _Draft) -> str:
    """The entities' summary as the end of a sentence: number, parties, total."""
    summary = subject.found("entities").get("summary")
    if not isinstance(summary, dict) or not summary:
        return ""
    said = ""
    if summary.get("invoice_number"):
        said += f" with the number {_quoted(str(summary['invoice_number']))}"
    sender, receiver = summary.get("seller") or summary.get("sender"), summary.get("buyer") or summary.get("recipient")
    said += f" from {_quoted(str(sender))}" if sender else ""
    said += f" {'to' if sender else 'for'} {_quoted(str(receiver))}" if receiver else ""
    sides, issuer = summary.get("parties"), summary.get("issuer")
    if not (sender or receiver) and subject.found("classification").get("class") in FROM_SOMEBODY:
        if isinstance(sides, list):
            said += f" between {listed([_quoted(str(side)) for side in sides])}"
        elif issuer:
            said += f" from {_quoted(str(issuer))}"
    total = summary.get("total")
    if isinstance(total, dict):
        said += f", total {_amount(total)}"
    if said:
        draft.use("entities")
    return said


def _say_barcodes(subject: Subject, draft: _Draft) -> None:
    codes = subject.found("barcodes").get("barcodes")
    if not isinstance(codes, list) or not codes:
        return
    draft.use("barcodes")
    first = codes[0]
    name = {"QRCode": "QR code"}.get(str(first["format"]), f"barcode ({first['format']})")
    if len(codes) == 1:
        draft.say(f'it carries {with_article(name)} that reads "{_quoted(str(first["text"]))}"')
    else:
        draft.say(f'it carries {count_of(len(codes))} barcodes; the first reads "{_quoted(str(first["text"]))}"')


def _say_topic(subject: Subject, draft: _Draft) -> None:
    keywords = subject.found("keywords").get("keywords")
    if isinstance(keywords, list) and keywords:
        draft.use("keywords")
        draft.say(f"frequent in it: {listed([_quoted(str(word['text'])) for word in keywords[:KEYWORDS]])}")


def _say_tone(subject: Subject, draft: _Draft) -> None:
    found, result = subject.found("sentiment"), subject.findings.get("sentiment")
    if found.get("label") in {"positive", "negative"} and result and (result.confidence or 0) >= SURE_TONE:
        draft.use("sentiment")
        draft.say(f"by its words it sounds {found['label']}")


def _classed(subject: Subject, draft: _Draft, noun: str) -> str:
    found = subject.found("classification")
    if not found.get("class"):
        return with_article(noun)
    draft.use("classification")
    name = CLASS_NAMES.get(str(found["class"]), str(found["class"]))
    return f"probably {with_article(name)} ({noun})" if found.get("suggested") else f"{with_article(name)} ({noun})"


def _colours(subject: Subject) -> list[str]:
    if subject.preview is None:
        return []
    try:
        return list(measure(subject.preview).colours)
    except PictureError:  # a description without colours is still right
        return []


def _amount(total: Mapping[str, object]) -> str:
    try:
        amount = f"{Decimal(str(total.get('amount'))):,}"
    except InvalidOperation:
        amount = str(total.get("amount"))
    return f"{amount} {total['currency']}" if total.get("currency") else amount


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
    return f"{seconds / 60:.0f} minutes"


def _quoted(words: str) -> str:
    """One short printable line of the file's own words."""
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= QUOTED_CHARACTERS else line[: QUOTED_CHARACTERS - 3] + "..."
