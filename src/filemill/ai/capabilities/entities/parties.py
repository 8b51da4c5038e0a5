"""The parties of a document: the name behind a label, of a mailbox, of a contract, at the head of a letter or invoice.

A label ("Bill to:"), an address in angle brackets, the words of a contract ("between … and …"), or an address block under a
name make a party; a name in running text does not. What the place alone suggests is said in the details
(`assumed_from`). Names are as written; nothing is looked up.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.labels import NOT_NAME, ROLES, ROLES_ANYWHERE
from filemill.ai.capabilities.entities.organisations import find_organisations

_PARTY = re.compile(
    rf"(?:^[ \t]*|(?<=[ \t]{{3}}))(?P<label>{'|'.join(ROLES.values())})(?!\w)"
    r"(?P<colon>[ \t\u00a0]*:)?[ \t\u00a0]*(?P<newline>\r?\n[ \t]*)?(?:name:?[ \t]+)?(?P<name>[^\r\n]{2,90})(?=\r|\n|$)",
    re.IGNORECASE | re.MULTILINE,
)
_ANYWHERE = re.compile(
    rf"\b(?P<label>{ROLES_ANYWHERE})(?P<colon>[ \t]*:)?[ \t]+(?P<name>[^\r\n]{{2,90}})", re.IGNORECASE
)
_NAME_END = re.compile(
    r"\s{3,}|\s[<(„\"–—|·:]|\t|\s+(?:year|phone|tel|email|e-mail|date|no\.?|id|make)\b"
    r"|\s[^\W\d_]{2,24}[ \u00a0]?:|(?<![A-ZÀ-Þ])(?<!Dr)(?<!St)(?<!Prof)[.;]\s"
    r"|,(?!\s?(?:Inc|Ltd|LLC|Corp)\b)|\s(?:on|am|le|the sum|la somme)\s",
    re.IGNORECASE,
)
_NOT_NAME = re.compile(NOT_NAME, re.IGNORECASE)
_NEXT_LINE = re.compile(r"[^\n]*\n[ \t]*(?P<name>[^\r\n]{2,90})")
_HEADS = frozenset({"buyer", "customer", "seller", "supplier", "vendor"})
_NAME = re.compile(r"[^\W\d_][\w .,&+'’()/-]{1,78}")
_CAPITALISED = r"(?<!\w)[A-ZÀ-ÖØ-ÞĀ-ſ][\w'’.&-]{0,40}"
_PERSON_OR_FIRM = rf"{_CAPITALISED}(?:[ \u00a0](?:(?:&|and|und|et|de|of|von) )?{_CAPITALISED}){{1,5}}"
_NAMED = re.compile(_PERSON_OR_FIRM)
_NAME_CHARACTERS = 100
_LONG_WORD = re.compile(r"[^\W\d_][a-zß-öø-ÿ]{2}")
CONTRACT_HEAD_CHARACTERS = 3_000  # where a contract names its sides
_MAILBOX = re.compile(rf"(?<![\w.])(?P<name>{_PERSON_OR_FIRM})\"?[ \t]?<[\w.%+'-]{{1,64}}@[\w.-]{{3,120}}>")
_BETWEEN = re.compile(
    rf"(?i:\b(?:between|zwischen|entre(?: les soussignés)?|parties)\b)[ \t]*:?\s{{1,4}}"
    rf"(?i:der |die |la |le |the )?(?:Firma |société )?(?P<first>{_PERSON_OR_FIRM})"
    rf"(?P<middle>[^§]{{0,260}}?)\b(?:and|und|et)\b[ \t]*:?\s{{1,4}}(?P<second>{_PERSON_OR_FIRM})"
)
# X (the "Provider"), X (le Client), X – im Folgenden „Auftraggeber“ –: article or quotes make it a side, not a remark.
_DEFINED = re.compile(
    rf"(?P<name>{_PERSON_OR_FIRM})(?: plc)?\s(?:[-–—] )?(?:\((?=[\"“„«]|the |le |la |l['’]|der |die )|im Folgenden )"
    r"(?:the |le |la |l['’]|der |die )?[\"“„«]?\s?(?P<side>[^\W\d_]\w{3,24})\s?[\"”“»]?(?:\)| [-–—])"
)
_STREET = r"(?:[^\n\d]{2,40}\d{1,4}[a-z]?|\d{1,4}[a-z]?,?[ \t][^\n\d]{3,44})"
_TOWN = (
    r"(?:(?:[A-Z]{1,2}-)?\d{4,5}[ \t][^\n\d]{2,40}"
    r"|[^\n\d]{2,40}(?:\b[A-Z]{2}[ \t]\d{5}|[ \t][A-Z]{1,2}\d{1,2}[A-Z]?[ \t]\d[A-Z]{2}))"
)
_BLOCK = re.compile(
    rf"^[ \t]{{0,60}}(?P<name>[A-ZÀ-ÖØ-ÞĀ-ſ][^\n\d]{{3,80}})\n[ \t]{{0,60}}{_STREET}(?:[ \t]?\r?\n|[ \t]?[,·][ \t])"
    rf"[ \t]{{0,60}}{_TOWN}[ \t]?\r?$",
    re.MULTILINE,
)
_TITLE = re.compile(r"(?:Herr(?:n)?|Frau|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Monsieur|Madame|M\.|Mme)\s")
_HEAD_LINES = 3


def find_parties(text: str) -> Iterator[Finding]:
    """Yield the parties of a page, the surest first; details say the role and what made it one."""
    yield from _labelled(text)
    for match in _MAILBOX.finditer(text) if "@" in text else ():
        yield Finding.at(
            "party", match["name"], text, match.span("name"), 0.85, role="correspondent", label="<address>"
        )
    for match in _BETWEEN.finditer(text, 0, CONTRACT_HEAD_CHARACTERS):
        spans = [_name_at(text, match.start(group)) for group in ("first", "second")]
        for span in spans if all(spans) else ():  # "between P and R" of a text on geometry names nobody
            if span is not None:
                name = text[slice(*span)]
                yield Finding.at("party", name, text, span, 0.75, role="contract-party", label="between")
    for match in _DEFINED.finditer(text) if "(" in text or " Folgenden " in text else ():
        if span := _name_at(text, match.start("name")):
            name = text[slice(*span)]
            yield Finding.at("party", name, text, span, 0.75, role="contract-party", label=match["side"])
    for match in _BLOCK.finditer(text):
        span = _name_at(text, match.start("name"))
        if span and span[1] == match.start("name") + len(match["name"].rstrip()) and not text[slice(*span)].isupper():
            yield Finding.at("party", text[slice(*span)], text, span, 0.65, role="address", assumed_from="address")


def find_letterheads(text: str) -> Iterator[Finding]:
    """Yield the organisation in the first lines of a document: who wrote it, as far as the place tells."""
    end = 0
    for _ in range(_HEAD_LINES):
        line = re.compile(r"\s*[^\n]*").match(text, end)
        end = line.end() if line else end
    for found in find_organisations(text[:end]):
        span = (found.start, found.end)
        yield Finding.at("party", found.value, text, span, 0.6, role="letterhead", assumed_from="place")
        return


def _labelled(text: str) -> Iterator[Finding]:
    for pattern in (_PARTY, _ANYWHERE):
        at = 0
        while (match := pattern.search(text, at)) is not None:
            at = max(match.end("label"), at + 1)
            label = match["label"].lower()
            # One everyday word ("from", "supplier") is a label only with a colon, or alone above a name.
            above = pattern is _PARTY and match["newline"] and label in _HEADS
            if pattern is _PARTY and not match["colon"] and " " not in label and not above:
                continue
            found = _named(text, match, _role_of(label))
            if found is not None:
                yield found


def _named(text: str, match: re.Match[str], role: str) -> Finding | None:
    place: re.Match[str] | None = match
    if _NOT_NAME.match(match["name"]):  # beside the label stands another column, and the name under it
        place = _NEXT_LINE.match(text, match.start("name"))
    if place is None:
        return None
    written = _NAME_END.split(place["name"], maxsplit=1)[0]
    lead = len(written) - len(written.lstrip(" \"'"))
    name = written.strip(" \"',;:")
    if "(" not in name:
        name = name.rstrip(")")
    if not _NAME.fullmatch(name) or name[0].islower() or sum(character.isdigit() for character in name) > 4:
        return None
    if _NOT_NAME.match(name):
        return None
    start = place.start("name") + lead
    firm = next(find_organisations(name), None)
    # What follows a legal form is an address; a full stop behind a person's name ends a sentence.
    name = firm.text if firm is not None and firm.start == 0 else name.rstrip(".")
    return Finding.at("party", name, text, (start, start + len(name)), 0.8, role=role, label=match["label"])


def _role_of(label: str) -> str:
    return next(role for role, words in ROLES.items() if re.fullmatch(words, label, re.IGNORECASE))


def _name_at(text: str, start: int) -> tuple[int, int] | None:
    """The organisation or the person whose name begins here, as a span; a form of address alone is nobody."""
    firm = next(find_organisations(text[start : start + _NAME_CHARACTERS].partition("\n")[0]), None)
    if firm is not None and firm.start == 0:
        return start, start + firm.end
    person = _NAMED.match(text, start)
    if person is None or _TITLE.fullmatch(person.group() + " ") or not _LONG_WORD.search(person.group()):
        return None
    return start, start + len(person.group().rstrip("."))
