"""The tables of the access service. Only `repository` reads this. No secret is in them: keys and session ids are hashed."""

from sqlalchemy import Boolean, Column, Float, Index, MetaData, String, Table

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
