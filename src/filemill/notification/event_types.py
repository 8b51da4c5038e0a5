"""Filters on event types, as webhooks and live streams take them: a name (`file.processed`), or all of a kind (`file.*`)."""

from collections.abc import Iterable, Sequence

from filemill.contracts.notification import WEBHOOK_DISABLED
from filemill.contracts.topics import Topic
from filemill.notification.errors import UnknownEventType

FILE_TYPES = frozenset(topic.value for topic in Topic)
STREAM_TYPES = FILE_TYPES | {WEBHOOK_DISABLED}


def fits(kind: str, patterns: Iterable[str]) -> bool:
    """Whether an event of this type is wanted."""
    return any(kind == one or (one.endswith("*") and kind.startswith(one[:-1])) for one in patterns)


def checked(patterns: Sequence[str], known: frozenset[str]) -> list[str]:
    """The patterns without repeats. Raises `UnknownEventType` for one that fits no type there is: it would be silence."""
    for one in patterns:
        is_pattern = one.endswith(".*") and any(kind.startswith(one[:-1]) for kind in known)
        if one not in known and not is_pattern:
            kinds = sorted({f"{kind.partition('.')[0]}.*" for kind in known})
            raise UnknownEventType(f"{one[:60]!r}: use {', '.join([*kinds, *sorted(known)])}")
    return list(dict.fromkeys(patterns))


def expanded(text: str) -> frozenset[str]:
    """The types that a list such as `file.processed,webhook.*` names. Raises `UnknownEventType`."""
    patterns = checked([part.strip() for part in text.split(",")], STREAM_TYPES)
    return frozenset(kind for kind in STREAM_TYPES if fits(kind, patterns))
