"""Which types an installation takes, and how large each may be: parsed once from its settings.

A type is what the first bytes say (`sniff`), not the name. Patterns are media types where `*` stands for anything:
`image/*`. A pattern that is denied wins over one that is allowed; an empty allow list allows all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from filemill.contracts.media_types import TYPE_PATTERN

_SIZE = re.compile(r"([0-9]{1,15})\s*(B|KB|MB|GB|TB)?", re.IGNORECASE)
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True)
class TypePolicy:
    """`most_bytes` are (pattern, size in bytes); the first that fits a type counts."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    most_bytes: tuple[tuple[str, int], ...] = ()

    def takes(self, content_type: str) -> bool:
        """Whether files of this type are taken at all."""
        return not fits(content_type, self.denied) and (not self.allowed or fits(content_type, self.allowed))

    def limit(self, content_type: str) -> int | None:
        """How large a file of this type may be; None if only the general limit counts."""
        return next((size for pattern, size in self.most_bytes if fnmatchcase(content_type, pattern)), None)


def fits(content_type: str, patterns: Iterable[str]) -> bool:
    """Whether a type is one of these."""
    return any(fnmatchcase(content_type, pattern) for pattern in patterns)


def read_patterns(text: str) -> tuple[str, ...]:
    """Patterns separated by commas. Raises `ValueError` with what is wrong."""
    patterns = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for pattern in patterns:
        if not TYPE_PATTERN.fullmatch(pattern):
            raise ValueError(f"{pattern!r} is no media type; say for example image/*, application/pdf")
    return patterns


def read_sizes(text: str) -> tuple[tuple[str, int], ...]:
    """`pattern=size` separated by commas, `video/*=2GB`. Raises `ValueError` with what is wrong."""
    sizes = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        pattern, equals, size = part.partition("=")
        match = _SIZE.fullmatch(size.strip())
        if not pattern.strip() or not equals or match is None or int(match[1]) == 0:
            raise ValueError(f"{part!r} is no pattern=size; say for example image/*=50MB, video/mp4=2GB")
        [one] = read_patterns(pattern)
        sizes.append((one, int(match[1]) * _UNITS[(match[2] or "B").upper()]))
    return tuple(sizes)
