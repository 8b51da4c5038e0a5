"""`Idempotency-Key`: the same request, sent again, makes the same file once.

A key belongs to an owner and a route for 24 hours. Its fingerprint covers name, fields and the SHA-256 of the content, never
the raw body, whose multipart boundaries differ on every try. While the first request runs a second gets 409; with another
content 422; a failed one frees the key. A holder that died on this machine is noticed at once, elsewhere after `HOLD_S`.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import asyncio
import hashlib
from dataclasses import dataclass

import orjson
import structlog

from filemill.chassis import process_identity
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import Unavailable
from filemill.chassis.ids import new_id
from filemill.upload import claims_repository, rules
from filemill.upload.errors import IdempotencyInProgress, IdempotencyKeyReused

HOLD_S = 30.0
"""A holder that is at work says so again every `KEEP_EVERY_S`; one that died on another machine is noticed after this."""
KEEP_EVERY_S = 5.0

_log = structlog.get_logger()


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
        claim = claims_repository.find(tx, self.owner_id, self.route, self.key)
        if claim is None or claim.holder != self.holder:
            raise IdempotencyInProgress()
        claims_repository.finish(tx, self.owner_id, self.route, self.key, self.fingerprint, file_id)


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


class IdempotencyKeys:
    """The keys that requests of this process hold. `run` keeps them held, and frees those that could not be freed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: set[Ticket] = set()
        self._left: set[Ticket] = set()

    async def present(self, owner_id: str, route: str, key: str) -> Ticket | Answered:
        """Show a key. Raises `IdempotencyInProgress` while another request holds it."""
        ticket = Ticket(owner_id, route, key, f"{new_id()}@{process_identity.me()}")

        def claim(tx: Tx) -> Ticket | Answered:
            hold(tx, f"{owner_id} {route} {key}")
            found = claims_repository.find(tx, owner_id, route, key)
            if found is not None and found.file_id is not None:
                return Answered(found.file_id, found.fingerprint or "")
            if found is not None and found.holder is not None and _at_work(found):
                raise IdempotencyInProgress(retry_after_s=1)
            claims_repository.hold(tx, owner_id, route, key, ticket.holder, HOLD_S)
            return ticket

        self._held.add(ticket)
        try:
            shown = await self._database.write_unsynced("upload.idempotency.claim", claim)
        except IdempotencyInProgress:
            self._held.discard(ticket)
            raise
        except BaseException:
            self._leave(ticket)  # it may have been written all the same
            raise
        if shown is not ticket:
            self._held.discard(ticket)
        return shown

    def redeemed(self, ticket: Ticket) -> None:
        """The request is done: the key stands for its file."""
        self._held.discard(ticket)

    async def give_up(self, ticket: Ticket) -> None:
        """The request failed: free the key. If the database is away just now, `run` does it later."""
        self._leave(ticket)
        try:
            await self._drop(ticket)
        except Unavailable as error:
            _log.warning("upload.idempotency.left", error=error.detail)

    async def run(self) -> None:
        """Keep what is held and free what was left, for ever."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            for ticket in list(self._left):
                await self._drop(ticket)
            if self._held:
                holders = [ticket.holder for ticket in self._held]
                await self._database.write_unsynced("upload.idempotency.keep", claims_repository.keep, holders, HOLD_S)

    def _leave(self, ticket: Ticket) -> None:
        self._held.discard(ticket)
        self._left.add(ticket)

    async def _drop(self, ticket: Ticket) -> None:
        await self._database.write(
            "upload.idempotency.drop", claims_repository.drop, ticket.owner_id, ticket.route, ticket.key, ticket.holder
        )
        self._left.discard(ticket)


def fingerprint(filename: str, fields: rules.Fields, sha256: str) -> str:
    """What makes two requests the same."""
    parts = [filename, fields.title, fields.tags, fields.metadata, fields.external_id, sha256]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _at_work(claim: claims_repository.Claim) -> bool:
    holder = (claim.holder or "").partition("@")[2]
    return unix_s() < claim.held_until and not process_identity.is_dead(holder)
