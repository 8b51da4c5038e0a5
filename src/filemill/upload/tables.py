"""The tables of the upload service. Only the repositories read this."""

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, MetaData, String, Table, text

from filemill.chassis.database.types import UtcTime
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.owner_erasure import owner_erasures_table
from filemill.chassis.storage.removals import removals_table

metadata = MetaData()

files = Table(
    "files",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("storage_key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("external_id", String(255)),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    # `change` counts deletes and restores, so that the last one wins everywhere in any order.
    Column("change", Integer, nullable=False, server_default="0"),
    Column("deleted_at", UtcTime),
    # Copies of what metadata owns, moved by `revision`.
    Column("revision", Integer, nullable=False, server_default="0"),
    # Of the newest version, ours alone: it is not served while this says why (`scanning`, `quarantined`).
    Column("held", String(12)),
    Column("status", String(20), nullable=False),
    Column("status_reason", JSON(none_as_null=True)),
    Column("analysis", String(20), nullable=False),
    Column("analysis_reason", JSON(none_as_null=True)),
    Column("title", String(500)),
    Column("tags", JSON, nullable=False),
    Column("warnings", JSON, nullable=False, server_default="[]"),
    # What it came out of, where in it that was, and how many ancestors it has. `trashed_with`: the parent it followed to the
    # trash, and will follow back.
    Column("parent_id", String(36)),
    Column("parent_path", String(500)),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("trashed_with", String(36)),
    # A legal hold (`contracts.upload.LegalHold`): while it is there the row is neither deleted nor moved to the trash.
    # `hold_change` counts placing and releasing, so that the last one wins everywhere in any order.
    Column("hold", JSON(none_as_null=True)),
    Column("hold_change", Integer, nullable=False, server_default="0"),
    Index("files_on_hold", "file_id", sqlite_where=text("hold IS NOT NULL"), postgresql_where=text("hold IS NOT NULL")),
    Index(
        "files_children",
        "parent_id",
        "file_id",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index(
        "files_newest",
        "owner_id",
        "created_at",
        "file_id",
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(
        "files_trash",
        "deleted_at",
        sqlite_where=text("deleted_at IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL"),
    ),
    Index(
        "files_external",
        "owner_id",
        "external_id",
        sqlite_where=text("external_id IS NOT NULL"),
        postgresql_where=text("external_id IS NOT NULL"),
    ),
)

# Every content a file has had, once its bytes are in the store; `files` repeats the newest.
versions = Table(
    "versions",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(200), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("storage_key", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("held", String(12)),
    Index("versions_blob", "storage_key"),
)

COMPRESSED_LEAST_BYTES = 4096
"""Smaller blobs are never looked at: one transaction weighs more. Part of an index, so a change is a migration."""

# What lies in the store. `compression` is how, once somebody has looked whether it helps (`holder` does so now); `forms` counts
# how often it got another form. Versions with the same bytes share a blob within `scope`: an owner, or everybody.
blobs = Table(
    "blobs",
    metadata,
    Column("storage_key", String(100), primary_key=True),
    Column("scope", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("stored_size", BigInteger, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
    Column("compression", String(8)),
    Column("forms", Integer, nullable=False, server_default="0"),
    Column("holder", String(200)),
    Column("held_until", Float, nullable=False, server_default="0"),
    Index("blobs_content", "sha256", "scope", unique=True),
    Index(
        "blobs_open",
        "stored_at",
        sqlite_where=text(f"compression IS NULL AND size >= {COMPRESSED_LEAST_BYTES}"),
        postgresql_where=text(f"compression IS NULL AND size >= {COMPRESSED_LEAST_BYTES}"),
    ),
)

# What an owner's versions weigh together, the trash included: the quota is decided here, in the file's own transaction.
usage = Table(
    "usage",
    metadata,
    Column("owner_id", String(200), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("versions", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("owner_id", String(200), primary_key=True),
    Column("route", String(80), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("holder", String(200)),
    Column("held_until", Float, nullable=False, server_default="0"),
    Column("fingerprint", String(64)),
    Column("file_id", String(36)),
    Column("created_at", Float, nullable=False),
    Index("idempotency_age", "created_at"),
)

# Files whose bytes lie in a spool until the store is back; `uploaded` is the event that is told then.
spooled = Table(
    "spooled",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("spool_id", String(36), nullable=False),
    Column("storage_key", String(100), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("uploaded", JSON, nullable=False),
    Column("request_id", String(64)),
    Column("traceparent", String(55)),
    Index("spooled_spool", "spool_id", "file_id"),
)

# Versions that wait for the scanner; `uploaded` is the event that is told once it found nothing.
scans = Table(
    "scans",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("storage_key", String(100), nullable=False),
    Column("uploaded", JSON, nullable=False),
    Column("request_id", String(64)),
    Column("traceparent", String(55)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Float, nullable=False),
    Column("holder", String(200)),
    Column("held_until", Float, nullable=False, server_default="0"),
    Index("scans_due", "due_at"),
)

# Purges, for those who asked for them: ids only, kept for ever as the marker that a file was erased.
purges = Table(
    "purges",
    metadata,
    Column("purge_id", String(36), primary_key=True),
    Column("file_id", String(36), nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("cause", String(20), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    # The purge of the file that this one, directly or not, came out of.
    Column("part_of", String(36)),
    Index(
        "purges_part_of",
        "part_of",
        sqlite_where=text("part_of IS NOT NULL"),
        postgresql_where=text("part_of IS NOT NULL"),
    ),
)
# Files whose children still have to follow them: to the trash, back, or away for good (`purge_id`).
families = Table(
    "families",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("purge_id", String(36)),
    Index("families_purge", "purge_id"),
)
purge_confirmations = Table(
    "purge_confirmations",
    metadata,
    Column("purge_id", String(36), primary_key=True),
    Column("service", String(40), primary_key=True),
    Column("removed", JSON, nullable=False),
    Column("confirmed_at", UtcTime, nullable=False),
)

purged_files = purged_files_table(metadata)
owner_erasures = owner_erasures_table(metadata)
removals = removals_table(metadata)
# Bodies that arrive in several requests. `received` bytes are durable and lie in `pieces`, as the store named them; `told` are
# the client's own headers, to be said back. `holder` writes to it just now. `file_id` is what became of it.
upload_sessions = Table(
    "upload_sessions",
    metadata,
    Column("upload_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("told", JSON, nullable=False),
    Column("size", BigInteger),
    Column("received", BigInteger, nullable=False, server_default="0"),
    Column("pieces", JSON, nullable=False),
    Column("sha256", String(64)),
    Column("client_address", String(255)),
    # What the upload token allows that it was begun with.
    Column("token", JSON(none_as_null=True)),
    Column("state", String(12), nullable=False),
    Column("reason", JSON(none_as_null=True)),
    Column("file_id", String(36)),
    Column("holder", String(200)),
    Column("held_until", Float, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("upload_sessions_expiry", "expires_at"),
    Index("upload_sessions_owner", "owner_id", "state"),
)
# Links to a file that can be taken back. `digest` is of the secret in the link; `version` null: the newest when it is opened.
shares = Table(
    "shares",
    metadata,
    Column("share_id", String(36), primary_key=True),
    Column("file_id", String(36), nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("version", Integer),
    Column("note", String(200)),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("opens", Integer, nullable=False, server_default="0"),
    Column("last_opened_at", UtcTime),
    Index("shares_file", "file_id", "share_id"),
    Index("shares_ends", "expires_at"),
)
# What was made with upload tokens, until nothing can be made with them any more.
token_uses = Table(
    "token_uses",
    metadata,
    Column("token_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("files", Integer, nullable=False),
    Column("begun", Integer, nullable=False),
    Column("forget_at", Float, nullable=False),
    Index("token_uses_over", "forget_at"),
)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
