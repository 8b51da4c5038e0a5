"""The tables of the access service. Only `repository` reads this. No secret is in them: keys and session ids are hashed."""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, MetaData, String, Table

from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table

metadata = MetaData()

keys = Table(
    "keys",
    metadata,
    Column("key_id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("shown", String(12), nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("last_used_at", Float),
    Column("revoked_at", Float),
    Index("keys_owner", "owner_id", "key_id"),
)

logins = Table(
    "logins",
    metadata,
    Column("login_id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("owner_id", String(200), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("key_id", String(36)),
    Column("created_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("address", String(100)),
    Column("agent", String(200)),
    Column("ended", Boolean, nullable=False, default=False),
    Index("logins_owner", "owner_id", "login_id"),
    Index("logins_ends", "ends_at"),
)

# Owners who are erased, and for ever the marker that one was: a mark stands for the name then.
# `stage`: files, rest, closing, done.
erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("stage", String(10), nullable=False),
    Column("removed", JSON, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("done_at", Float),
    Index("erasures_owner", "owner_id", "stage"),
)

# What each service said last: of which stage, what it removed, which files it keeps for a legal hold.
erasure_confirmations = Table(
    "erasure_confirmations",
    metadata,
    Column("erasure_id", String(36), primary_key=True),
    Column("service", String(40), primary_key=True),
    Column("stage", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("removed", JSON, nullable=False),
    Column("held", JSON, nullable=False),
    Column("held_count", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
