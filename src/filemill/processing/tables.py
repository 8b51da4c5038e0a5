"""The tables of the processing service. Only `repository` reads this."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, String, Table

from filemill.chassis.database.known_files import known_files_table
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.jobs.table import jobs_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.storage.removals import removals_table

metadata = MetaData()

jobs = jobs_table(metadata)

known_files = known_files_table(
    metadata,
    Column("filename", String(255), nullable=False, server_default=""),
    Column("content_type", String(255), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
)

renditions = Table(
    "renditions",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("storage_key", String(100), nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    # None: kept by a version that did not remember it.
    Column("sha256", String(64)),
    # Which step, in which version, made it: the provenance of a result.
    Column("made_by", JSON, nullable=False),
    Index("renditions_owner", "owner_id"),
)

purged_files = purged_files_table(metadata)
removals = removals_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
