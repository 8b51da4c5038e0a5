"""The tables of the notification service. Only `repository` reads this."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from filemill.chassis.database.types import UtcTime
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.owner_erasure import owner_erasures_table

metadata = MetaData()

live_events = Table(
    "live_events",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("owner_id", String(200), nullable=False),
    Column("type", String(40), nullable=False),
    Column("file_id", String(36), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Float, nullable=False),
    Index("live_events_owner", "owner_id", "seq"),
    Index("live_events_age", "at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("url", Text, nullable=False),
    # What the limit of deliveries in flight is counted by.
    Column("host", String(253), nullable=False),
    Column("event_types", JSON, nullable=False),
    Column("description", String(500), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("reason_code", String(80)),
    Column("reason_detail", Text),
    # Sealed with the signing keys of the installation (`chassis.sealing`).
    Column("secret", Text, nullable=False),
    Column("old_secret", Text),
    Column("old_secret_until", UtcTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    # Unix seconds: before that it is not called, whatever is due.
    Column("rests_until", Float, nullable=False, server_default="0"),
    Column("last_success_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("webhooks_newest", "owner_id", "created_at", "webhook_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("webhook_id", String(36), nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("type", String(40), nullable=False),
    # Empty where the event is about no file (a test).
    Column("file_id", String(36), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("cause", String(20), nullable=False),
    # queued -> running -> done | failed, as in `chassis.jobs.table`; times as there, in Unix seconds.
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("due_at", Float, nullable=False),
    Column("lease_holder", String(200)),
    Column("lease_until", Float, nullable=False, server_default="0"),
    Column("status_code", Integer),
    Column("duration_ms", Float),
    Column("answer", Text),
    Column("error", Text),
    # When it last moved: what is older than the days kept is swept by it.
    Column("moved_at", Float, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    # One row an event and webhook: the net below the inbox.
    UniqueConstraint("webhook_id", "event_id"),
    Index(
        "deliveries_turns",
        "webhook_id",
        "due_at",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "deliveries_due",
        "due_at",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "deliveries_running",
        "webhook_id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "deliveries_failed",
        "webhook_id",
        "moved_at",
        sqlite_where=text("state = 'failed'"),
        postgresql_where=text("state = 'failed'"),
    ),
    Index("deliveries_newest", "webhook_id", "created_at", "delivery_id"),
    Index("deliveries_age", "moved_at"),
    Index("deliveries_file", "file_id"),
)

purged_files = purged_files_table(metadata)
owner_erasures = owner_erasures_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
