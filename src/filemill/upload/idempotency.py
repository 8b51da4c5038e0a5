"""`Idempotency-Key`: the same request, sent again, makes the same file once.

A key belongs to an owner and a route for 24 hours. Its fingerprint covers name, fields and the SHA-256 of the content, never
the raw body, whose multipart boundaries differ on every try. While the first request runs a second gets 409; with another
content 422; a failed one frees the key. A holder that died on this machine is noticed at once, elsewhere after `HOLD_S`.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import time
from dataclasses import dataclass

import orjson

from filemill.chassis import process_identity
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.ids import new_id
from filemill.upload import repository, rules
from filemill.upload.errors import IdempotencyInProgress, IdempotencyKeyReused

HOLD_S = 6 * 3600.0
"""Longer than any upload may take; only matters for a holder on another machine."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to use a key once. `fingerprint` is set when the body has been read."""

    owner_id: str
    route: str
    key: str
    holder: str
    fingerprint: str = ""

    def redeem(self, tx: Tx, file_id: str) -> None:
        """In the file's own transaction: from now on the key stands for this file. Raises if somebody took it over."""
        hold(tx, f"{self.owner_id} {self.route} {self.key}")
        claim = repository.find_claim(tx, self.owner_id, self.route, self.key)
        if claim is None or claim.holder != self.holder:
            raise IdempotencyInProgress()
        repository.finish_claim(tx, self.owner_id, self.route, self.key, self.fingerprint, file_id)


@dataclass(frozen=True, slots=True)
class Answered:
    """The key was used before: for this file, by a request with this fingerprint."""

    file_id: str
    fingerprint: str

    def check(self, fingerprint: str) -> None:
        """Raises `IdempotencyKeyReused` unless the present request is the same one."""
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(
                "The first request with this key had another name, other fields or other bytes; use a new key."
            )


async def present(database: Database, owner_id: str, route: str, key: str) -> Ticket | Answered:
    """Show a key. Raises `IdempotencyInProgress` while another request holds it."""
    holder = f"{new_id()}@{process_identity.me()}"

    def claim(tx: Tx) -> Ticket | Answered:
        hold(tx, f"{owner_id} {route} {key}")
        found = repository.find_claim(tx, owner_id, route, key)
        if found is not None and found.file_id is not None:
            return Answered(found.file_id, found.fingerprint or "")
        if found is not None and found.holder is not None and _at_work(found):
            raise IdempotencyInProgress(retry_after_s=1)
        repository.hold_claim(tx, owner_id, route, key, holder, HOLD_S)
        return Ticket(owner_id, route, key, holder)

    return await database.write_unsynced("upload.idempotency.claim", claim)


async def give_up(database: Database, ticket: Ticket) -> None:
    """The request failed: free the key."""
    await database.write(
        "upload.idempotency.drop", repository.drop_claim, ticket.owner_id, ticket.route, ticket.key, ticket.holder
    )


def fingerprint(filename: str, fields: rules.Fields, sha256: str) -> str:
    """What makes two requests the same."""
    parts = [filename, fields.title, fields.tags, fields.metadata, fields.external_id, sha256]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _at_work(claim: repository.Claim) -> bool:
    holder = (claim.holder or "").partition("@")[2]
    return time.time() < claim.held_until and not process_identity.is_dead(holder)
