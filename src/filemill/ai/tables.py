"""The tables of the ai service. Only `repository` reads this."""

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
    false,
    text,
)

from filemill.chassis.database.known_files import known_files_table
from filemill.chassis.database.types import UtcTime
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.jobs.table import jobs_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.owner_erasure import owner_erasures_table

metadata = MetaData()

jobs = jobs_table(metadata)

known_files = known_files_table(
    metadata,
    Column("filename", String(255), nullable=False, server_default=""),
    Column("content_type", String(255), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("uploaded_at", UtcTime),
    # What processing said of this version; `processed_run` orders its words.
    Column("processed_run", Integer, nullable=False, server_default="0"),
    Column("properties", JSON(none_as_null=True)),
    Column("text_key", String(100)),
    Column("preview_key", String(100)),
    Column("processing_failed", JSON(none_as_null=True)),
    Column("ended", Boolean, nullable=False, server_default=false()),
    Index("known_files_alike", "sha256", "owner_id"),
    Index("known_files_open", "uploaded_at", sqlite_where=text("ended = 0"), postgresql_where=text("NOT ended")),
)

results = Table(
    "results",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("capability", String(40), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("finding", JSON, nullable=False),
    Column("options", String(64), nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Index("results_owner", "owner_id"),
)

earlier_results = Table(
    "earlier_results",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("capability", String(40), primary_key=True),
    # Who said it: a digest of model, version and options.
    Column("source", String(64), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("finding", JSON, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Index("earlier_results_owner", "owner_id"),
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # In reading order; `first` and `behind` are characters of the page.
    Column("chunk", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(200), nullable=False),
    Column("page", Integer, nullable=False),
    Column("first", Integer, nullable=False),
    Column("behind", Integer, nullable=False),
    # float32, little-endian, all of one model: that of the finding.
    Column("vector", LargeBinary, nullable=False),
    Index("embeddings_owner", "owner_id"),
)

model_states = Table(
    "model_states",
    metadata,
    # What the workers say of their models, until (Unix seconds) they should have said it again.
    Column("holder", String(200), primary_key=True),
    Column("model_id", String(100), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("reason", Text),
    Column("until", Float, nullable=False),
)

purged_files = purged_files_table(metadata)
owner_erasures = owner_erasures_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
