"""The chain over the audit trail, as arithmetic: what an entry's leaf is, a batch's root, and the head after it.

Each entry is a leaf: the hash of its place, its ids, what was done, and a commitment to what is personal (details, address),
salted so that nobody finds these by trying. Erasure takes them and the salt away and leaves the commitment, so the chain over
a purged file stays valid. A batch's leaves make a Merkle tree (domain separation as in RFC 6962, 2.1), its root and the head
before it make the next head. Not for: when batches are made (`sealing`), what is wrong with a trail (`audit_check`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

GENESIS = hashlib.sha256(b"filemill audit trail, form 1").hexdigest()
"""The head before the first batch."""
_IN_LEAF = ("entry_id", "file_id", "owner_id", "actor", "action", "outcome", "request_id")


def personal_of(entry: Mapping[Any, Any]) -> str:
    """The commitment to what erasure takes away."""
    return _hashed(["personal", entry["salt"], entry["detail"], entry["client_address"]])


def leaf_of(entry: Mapping[Any, Any], seq: int, personal: str) -> str:
    """The leaf of an entry that stands at `seq`, counted from 1."""
    return _hashed(["leaf", seq, *[entry[name] for name in _IN_LEAF], entry["at"].isoformat(), personal])


def root_of(leaves: Sequence[str]) -> str:
    """The root over a batch's leaves, at least one. An odd one out goes up as it is."""
    level = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()


def head_of(before: str, last_seq: int, root: str, sealed_at: datetime) -> str:
    """The head after a batch that ends at `last_seq`."""
    return _hashed(["head", before, last_seq, root, sealed_at.isoformat()])


def _hashed(said: list[Any]) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
