"""The grammar of `filemill reprocess --where`: parts joined by `and`, each `NAME < VALUE` or `NAME = VALUE`.

Which names there are, and what they mean, says the service. Not for: rows. On failure: `bad-filter`, which says what may
stand there.
"""

import re
from collections.abc import Callable
from typing import Any

from filemill.chassis.jobs.errors import BadFilter

WHERE_MOST = 500
"""Characters."""
_PART = re.compile(r"\s*([a-z_-]+(?:\.[a-z_-]+)*)\s*(<|=)\s*(\S+)\s*", re.IGNORECASE)
_TYPE = re.compile(r"[a-z0-9.+-]+/([a-z0-9.+-]+|\*)")

Test = Callable[[Any], bool]
"""Whether a row is meant."""
OfPart = Callable[[str, str, str], Test]
"""The test of a part: name, sign, value. Raises `BadFilter`."""


def parse(where: str, of_part: OfPart, examples: str) -> Test:
    """A filter as a test of one row. Raises `BadFilter`; `examples` is what it shows."""
    if len(where) > WHERE_MOST:
        raise BadFilter(f"where: at most {WHERE_MOST} characters")
    tests = [_part(part, of_part, examples) for part in re.split(r"\band\b", where, flags=re.IGNORECASE)]
    return lambda row: all(test(row) for test in tests)


def type_test(value: str) -> Callable[[str], bool]:
    """Whether a content type is this one; `image/*` is all of a family. Raises `BadFilter`."""
    if not _TYPE.fullmatch(value):
        raise BadFilter(f"where: {value!r} is no type; write for example image/png or image/*")
    if value.endswith("/*"):
        return lambda content_type: content_type.startswith(value[:-1])
    return lambda content_type: content_type.split(";")[0].strip() == value


def _part(text: str, of_part: OfPart, examples: str) -> Test:
    found = _PART.fullmatch(text)
    if found is None:
        raise BadFilter(
            f"where: {text.strip()!r} is not a part of a filter; write for example {examples}, joined by `and`"
        )
    return of_part(found[1].lower(), found[2], found[3].lower())
