"""Every named crash point, by how the long crash run comes to it. `test_crash_sites` fails on one that is missing here.

`FILES`: an upload's own way. `VISITS`: needs somebody who reads, edits, deletes, asks. `SELDOM`: not reached by load; the
value says what covers it instead.
"""

from filemill.contracts.topics import QUEUES


def _transaction(*points: str) -> list[str]:
    return [f"{point}.{moment}" for point in points for moment in ("in-tx", "committed")]


STARTING = frozenset(
    _transaction(
        "relay.sweep", "relay.release", "notification.sweep", "upload.idempotency.sweep", "upload.tokens.sweep",
        "upload.shares.sweep",
        "store.small.schema",
        "metadata.index.create", "metadata.tallies.first",
    )
)  # fmt: skip
"""Housekeeping: a process killed here may hold no work, so such a kill is not counted as one that counts."""

FILES = frozenset(
    [
        *_transaction(
            "upload.idempotency.claim", "upload.accept", "store.small.put", "relay.claim", "relay.mark", "jobs.claim",
            "jobs.done", "jobs.recover", "metadata.index", "metadata.audit.seal", "metadata.tallies.fold",
        ),
        *_transaction(*[f"consumer.{queue}" for queue in QUEUES]),
        "upload.blob-without-row", "store.small.stored", "store.file.written", "store.file.stored",
        "relay.publish.before", "relay.publish.after", "queue.put.in-tx", "queue.put.committed", "queue.ack.in-tx",
        "consumer.taken", "consumer.unacked", "consumer.acked",
        "jobs.worked", "processing.sandboxed", "processing.kept", "ai.sandboxed",
    ]
)  # fmt: skip

VISITS = frozenset(
    _transaction(
        "upload.idempotency.drop", "access.journal", "upload.trash", "upload.restore", "store.small.delete", "metadata.patch",
        "metadata.patch-all",
        "ai.analyze", "jobs.failed", "jobs.retry", "jobs.retry-many", "upload.accept-version", "upload.purge",
        "storage.removals", "access.erasure.begin", "access.erasure.close", "erasure.owner.begin", "erasure.owner.files",
        "erasure.owner.rest", "erasure.owner.end",
    )
) | {"upload.version-without-row", "storage.removals.deleted"}  # fmt: skip

SELDOM: dict[str, str] = {
    **dict.fromkeys(
        _transaction(
            "erasure.owner.events",
            "erasure.owner.naming",
            "erasure.owner.forget",
            "upload.owner.uploads",
            "upload.owner.purge",
            "sessions.forget-user",
        ),
        "an owner who has files and sessions is erased: test_crash_owner_erasure",
    ),
    **dict.fromkeys(
        _transaction("upload.share", "upload.unshare"), "a row and its news, whole or not at all: test_shares"
    ),
    **dict.fromkeys(
        _transaction("metadata.index.forget"),
        "a merge of the index's pages, whole or not at all",
    ),
    **dict.fromkeys(
        _transaction(
            "metadata.index.rebuild.create",
            "metadata.index.rebuild.drop",
            "metadata.index.rebuild.mark",
            "metadata.tallies.recount",
        ),
        "an operator's command, each step whole or not at all; it is run again: test_rebuilding",
    ),
    **dict.fromkeys(
        _transaction("metadata.vectors.keep"),
        "only where a model makes vectors; whole or not at all, and done again by its mark: test_meaning",
    ),
    **dict.fromkeys(_transaction("jobs.give-back"), "a worker that is asked to stop: test_crash_starts"),
    **dict.fromkeys(_transaction("jobs.heartbeat", "jobs.cancel", "jobs.stop"), "a long job: test_crash_starts"),
    **dict.fromkeys(_transaction("jobs.wake", "jobs.unwake"), "only with Celery: tests/adapters/jobs"),
    **dict.fromkeys(_transaction("processing.turn"), "equal files at once: test_equal_files"),
    **dict.fromkeys(
        ["processing.drawn", *_transaction("processing.drawn")], "somebody asks for a page: test_on_request"
    ),
    **dict.fromkeys(
        [
            *_transaction(
                "processing.unpack",
                "processing.part.claim",
                "processing.part.put-off",
                "processing.part.end",
                "processing.part.free",
            ),
            "processing.parts-stored",
            "processing.part.taken",
            "processing.part.answered",
        ],
        "a mail or an archive: test_crash_children",
    ),
    **dict.fromkeys(_transaction("jobs.reprocess"), "somebody asks for re-runs: test_reprocess, test_findings"),
    **dict.fromkeys(_transaction("ai.models"), "a model is loaded: test_embeddings; what is lost is said again"),
    **dict.fromkeys(["models.pull.written", "models.pull.checked"], "an operator's command: test_pull_command"),
    **dict.fromkeys(_transaction("ai.deadline"), "an analysis past its deadline: test_crash_starts"),
    **dict.fromkeys(_transaction("upload.accept-child", "upload.family"), "a file out of a file: test_crash_children"),
    **dict.fromkeys(
        _transaction("metadata.searches.add", "metadata.searches.remove", "metadata.tags.merge"),
        "one row, or a page of changes as `metadata.patch-all` makes them: test_saved_searches, test_merging_tags",
    ),
    **dict.fromkeys(
        _transaction(
            "metadata.rules.add",
            "metadata.rules.change",
            "metadata.rules.remove",
            "metadata.rules.claim",
            "metadata.rules.ask",
            "metadata.rules.advance",
        ),
        "files whose time is over after days: test_crash_retention",
    ),
    **dict.fromkeys(
        _transaction("upload.hold", "upload.release", "upload.hold.refused"),
        "somebody holds a file: test_crash_retention, test_legal_holds",
    ),
    **dict.fromkeys(_transaction("upload.reconcile"), "blobs without a row, after days: test_reconciler"),
    **dict.fromkeys(_transaction("upload.purge.expired"), "the trash is over after days: test_purge"),
    **dict.fromkeys(_transaction("upload.idempotency.keep"), "an upload of many seconds: test_idempotency_keys"),
    **dict.fromkeys(
        _transaction(
            "sessions.schema",
            "sessions.create",
            "sessions.use",
            "sessions.count",
            "sessions.rotate",
            "sessions.delete",
            "limits.schema",
            "limits.allow",
            "access.key.create",
            "access.key.revoke",
            "access.key.use",
            "access.login.begin",
            "access.login.end",
        ),
        "nobody logs in and nothing is limited while FILEMILL_AUTH is none",
    ),
    **dict.fromkeys(
        ["move.blob", *_transaction("move.rows", "move.numbers", "move.messages")], "a move: tests/adapters/move"
    ),
    **dict.fromkeys(
        ["upload.spool.stored", *_transaction("upload.spool.accept", "upload.spool.complete", "upload.spool.lost")],
        "a store that is away: tests/adapters/spool",
    ),
    **dict.fromkeys(
        [
            *_transaction(
                "upload.scan.claim",
                "upload.scan.keep",
                "upload.scan.free",
                "upload.scan.put-back",
                "upload.scan.clean",
                "upload.scan.quarantine",
            ),
            "upload.scan.answered",
        ],
        "an installation with a scanner: test_crash_scans",
    ),
    **dict.fromkeys(
        [
            *_transaction("upload.direct.verifying", "upload.direct.end"),
            "upload.direct.part",
            "upload.direct.verified",
        ],
        "an upload straight to the store: test_crash_direct",
    ),
    **dict.fromkeys(
        [
            *_transaction(
                "upload.session.begin",
                "upload.session.claim",
                "upload.session.release",
                "upload.session.advance",
                "upload.session.remove",
            ),
            "upload.session.appended",
            "upload.session.sealed",
            "upload.session.completed",
            "upload.session.forgotten",
            "store.piece.written",
            "store.piece.stored",
            "store.piece.adopted",
        ],
        "an upload in several requests: test_crash_resumable",
    ),
    **dict.fromkeys(_transaction("upload.session.keep"), "a request of many seconds: test_turns"),
    "store.piece.sent": "a piece on a remote store: test_crash_resumable on servers",
    **dict.fromkeys(
        ["backup.rows", "backup.blob", "backup.done", *_transaction("restore.outbox", "restore.states")],
        "a backup: test_backup",
    ),
    **dict.fromkeys(
        [
            *_transaction(
                "upload.keeper.claim",
                "upload.keeper.keep",
                "upload.keeper.switch",
                "upload.keeper.settle",
                "upload.keeper.put-off",
                "upload.keeper.again",
            ),
            "upload.keeper.written",
            "upload.keeper.verified",
            "upload.keeper.switched",
        ],
        "blobs of some age: test_crash_compression",
    ),
    **dict.fromkeys(
        [
            *_transaction("notification.webhooks.claim", "notification.webhooks.settle", "notification.webhooks.free"),
            "notification.webhooks.sent",
        ],
        "somebody has a webhook: test_crash_webhooks",
    ),
    **dict.fromkeys(
        _transaction(
            "notification.webhooks.make",
            "notification.webhooks.change",
            "notification.webhooks.remove",
            "notification.webhooks.rotate",
            "notification.webhooks.test",
            "notification.webhooks.replay",
            "notification.webhooks.replay-failed",
        ),
        "somebody sets a webhook up, each step whole or not at all: tests/adapters/webhooks",
    ),
    **dict.fromkeys(
        _transaction(
            "notification.webhooks.sweep",
            "notification.webhooks.stop",
            "notification.webhooks.forget",
            "notification.webhooks.reseal",
            "notification.webhooks.unreadable",
        ),
        "housekeeping of webhooks, done again by the next round: tests/adapters/webhooks",
    ),
    "migrate.in-tx": "the first start: test_crash_starts",
    "migrate.on-server.in-tx": "the first start on PostgreSQL: test_postgresql_migration",
}

ALL = STARTING | FILES | VISITS | SELDOM.keys()
