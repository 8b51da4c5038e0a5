"""What a document is found and sorted by: numbers and names worked out of what it is, the same on every engine."""

from datetime import UTC, datetime

from filemill.metadata.folding import fold

SEQ_BITS = 15
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""No key is from before it."""


NAME_KEY_MOST = 200


def doc_id_of(file_id: str) -> int:
    """The integer key a file id gives: its milliseconds, then 15 of its random bits. Source of the bits: RFC 9562, 5.7."""
    number = int(file_id.replace("-", ""), 16)
    return (number >> 80) << SEQ_BITS | (number & ((1 << SEQ_BITS) - 1))


def time_floor(moment: datetime) -> int:
    """The smallest key a file created at `moment` can have."""
    return int(moment.timestamp() * 1000) << SEQ_BITS


def name_key(filename: str) -> str:
    """What a name is sorted by: folded as words are, so that case and accents do not matter."""
    return fold(filename).replace("\0", "")[:NAME_KEY_MOST]


def signed_hash(digits: str) -> int | None:
    """A perceptual hash, 16 hexadecimal digits, as a database keeps 64 bits; None for what is no hash."""
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number - (1 << 64) if number >> 63 else number
