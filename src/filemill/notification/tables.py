"""The tables of the notification service. Only `repository` reads this."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

from filemill.chassis.erasure import purged_files_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table

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

purged_files = purged_files_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
