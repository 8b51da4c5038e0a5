"""The tables of the processing service. Only `repository` reads this."""

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text, text

from filemill.chassis.database.known_files import known_files_table
from filemill.chassis.database.types import UtcTime
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.jobs.table import jobs_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.owner_erasure import owner_erasures_table
from filemill.chassis.storage.removals import removals_table

metadata = MetaData()

jobs = jobs_table(metadata)

known_files = known_files_table(
    metadata,
    Column("filename", String(255), nullable=False, server_default=""),
    Column("content_type", String(255), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    # How many files it came out of, one out of the other.
    Column("depth", Integer, nullable=False, server_default="0"),
    Index("known_files_owner", "owner_id", "file_id"),
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
    # Several rows may name a blob: files of one owner with the same bytes.
    Index("renditions_blob", "storage_key"),
)

# Which bytes each version of a file is, and what the last run made of it: `steps` are their versions, by name.
file_contents = Table(
    "file_contents",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content_type", String(255)),
    Column("plan", String(40)),
    Column("steps", JSON(none_as_null=True)),
    Index("file_contents_bytes", "owner_id", "sha256"),
)

# Whose turn it is to run steps on these bytes: a running job's, by its claim. `starts` counts the turns.
content_runs = Table(
    "content_runs",
    metadata,
    Column("owner_id", String(200), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("starts", Integer, nullable=False),
    Column("job_id", String(36)),
    Column("fence", BigInteger, nullable=False),
)

# What a step found out, under its address (addresses.py).
step_results = Table(
    "step_results",
    metadata,
    Column("result_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("step", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("inputs", String(64), nullable=False),
    Column("options", JSON, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("state", String(20), nullable=False),
    Column("code", String(80)),
    Column("detail", Text),
    Column("duration_ms", Float, nullable=False),
    Column("properties", JSON, nullable=False),
    Column("text_state", String(20)),
    Column("characters", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("job_id", String(36), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Index("step_results_address", "owner_id", "sha256", "step", "version", "inputs", unique=True),
)

# The renditions among these results, and the texts (under the name `text`).
result_blobs = Table(
    "result_blobs",
    metadata,
    Column("storage_key", String(100), primary_key=True),
    Column("result_id", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", String(40), nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("sha256", String(64), nullable=False),
    Index("result_blobs_result", "result_id"),
)

# What was taken out of a file, on its way to be a file of its own (`state`: waiting, then handed, refused or dropped; purged
# when that file is). `number` is its place in the parent. The blob is ours until upload has its bytes.
parts = Table(
    "parts",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", String(200), nullable=False),
    Column("path", String(500), nullable=False),
    Column("name", String(255), nullable=False),
    Column("content_type", String(100)),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("storage_key", String(100)),
    Column("state", String(10), nullable=False),
    Column("reason_code", String(80)),
    Column("reason_detail", Text),
    Column("child_id", String(36)),
    # Who hands it over (`holder`) has it until `due_at` (Unix seconds); `attempts` guards what is written then.
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("holder", String(200)),
    Column("due_at", Float, nullable=False),
    Index("parts_due", "due_at", sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
    Index("parts_blob", "storage_key"),
    Index("parts_child", "child_id"),
)

purged_files = purged_files_table(metadata)
owner_erasures = owner_erasures_table(metadata)
removals = removals_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
