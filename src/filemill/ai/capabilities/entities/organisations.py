"""Names of organisations, recognised by their legal form ("Hollow Oak Instruments GmbH") and by nothing else.

Not for names without one, nor for people: that needs a model. The name is the run of capitalised words before the form, on
the same line.
"""

import re
from collections.abc import Iterator

from filemill.ai.capabilities.entities.finding import Finding
from filemill.ai.capabilities.entities.labels import JOINING, LEADING

# A form that is also a plain word or a unit (SA, AG, KG, SE, Co) counts behind a word in lower case only.
_SURE_FORMS = (
    r"GmbH(?: & Co\. ?KG)?|gGmbH|mbH|Ltd|Limited|LLP|PLC|plc|L\.?L\.?C\.?|Inc\.?|Incorporated|Corp\.?|Corporation|Pty|OHG"
    r"|e\.V\.|S\.?A\.?R\.?L\.?|SARL|SAS|S\.A\.S\.|EURL|SASU|S\.A\.|S\.p\.A\.|SpA|S\.r\.l\.|B\.V\.|N\.V\.|ASBL|S\.L\."
)
_SHORT_FORMS = "AG|KG|SE|SA|UG|SNC"
_FORM = re.compile(
    rf"(?<=[\w.,)]) (?:(?P<sure>{_SURE_FORMS})|(?P<short>{_SHORT_FORMS}))(?![\w-])|, (?P<comma>Inc\.?|Ltd|LLC|Corp\.?)(?!\w)"
)
_WORD = re.compile(r"[^\W\d_][\w'’&.-]*|&|\+")
_JOINING = frozenset(JOINING.split("|"))
_LEADING = frozenset(LEADING.split("|"))
_REACH_CHARACTERS = 90
_MOST_WORDS = 7


def find_organisations(text: str) -> Iterator[Finding]:
    """Yield the names that end in a legal form; details say the form."""
    for match in _FORM.finditer(text):
        start = _start_of_name(text, match.start())
        if start is None:
            continue
        form = (match["sure"] or match["short"] or match["comma"]).rstrip(".")
        before = text[start : match.start()]
        if form == "Limited" and " " not in before:  # "Trim Limited": a model of a car
            continue
        if match["short"] and not any(character.islower() for character in before):
            continue
        name = text[start : match.end()]
        yield Finding.at("organisation", " ".join(name.split()), text, (start, match.end()), 0.8, legal_form=form)


def _start_of_name(text: str, end: int) -> int | None:
    """Walk back over capitalised words and the small ones between them; None when there is no name."""
    line_start = text.rfind("\n", max(0, end - _REACH_CHARACTERS), end) + 1 or max(0, end - _REACH_CHARACTERS)
    words = list(_WORD.finditer(text, line_start, end))
    start: int | None = None
    following = end
    for word in reversed(words[-_MOST_WORDS:]):
        if text[word.end() : following] not in {"", " "}:
            break
        if word.group()[0].isupper():
            start = word.start()
        elif word.group().casefold() not in _JOINING:
            break
        following = word.start()
    return None if start is None else _without_leading(text, start, end)


def _without_leading(text: str, start: int, end: int) -> int | None:
    """Leave out words that only lead to the name."""
    while True:
        word = _WORD.match(text, start, end)
        if word is None:
            return None
        if word.group().casefold() not in _LEADING and word.group()[0].isupper():
            return start
        following = _WORD.search(text, word.end(), end)
        if following is None:
            return None
        start = following.start()
