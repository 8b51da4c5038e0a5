"""The tables of the metadata service. Only the repositories read this. The word index is `search`'s own."""

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

from filemill.chassis.database.types import UtcTime
from filemill.chassis.erasure import purged_files_table
from filemill.chassis.messaging.inbox import inbox_table
from filemill.chassis.messaging.outbox import outbox_table
from filemill.chassis.owner_erasure import owner_erasures_table

metadata = MetaData()

INDEX_FORM = 3
"""Of the entries in the word index. Another number needs a migration that makes an index of what is behind it."""
INDEX_FORM_MARK = INDEX_FORM << 40
INDEX_BEHIND = f"index_mark - index_wanted < {INDEX_FORM_MARK}"
INDEX_BEHIND_2 = f"index_mark - index_wanted < {2 << 40}"
VECTORS_BEHIND = "coalesce(vectors_wanted, '') <> coalesce(vectors_kept, '')"

_SMALL_JSON = JSON(none_as_null=True)

documents = Table(
    "documents",
    metadata,
    # `ms << 15 | seq` from the file's id: time-ordered, so the word index keeps its hits in order of age.
    Column("doc_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("file_id", String(36), nullable=False, unique=True),
    Column("owner_id", String(200), nullable=False),
    # False until `file.uploaded` is here: another event about the file came first.
    Column("known", Boolean, nullable=False),
    Column("filename", String(255), nullable=False),
    # What it is sorted by: folded, and compared by bytes on every engine.
    Column(
        "name_key",
        String(200).with_variant(String(200, collation="C"), "postgresql"),
        nullable=False,
        server_default="",
    ),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("storage_key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("external_id", String(255)),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("change", Integer, nullable=False, server_default="0"),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("revision", Integer, nullable=False, server_default="1"),
    # What its owner says of it; first in `file.uploaded` of version 1, which sets `introduced`.
    Column("introduced", Boolean, nullable=False, server_default=false()),
    Column("title", String(500)),
    Column("description", Text),
    Column("tags", JSON, nullable=False),
    Column("custom", JSON, nullable=False),
    # What processing says: `(run, attempt, rank)` only grows.
    Column("status", String(20), nullable=False),
    Column("status_reason", _SMALL_JSON),
    Column("work_run", Integer, nullable=False, server_default="0"),
    Column("work_attempt", Integer, nullable=False, server_default="0"),
    Column("work_rank", Integer, nullable=False, server_default="0"),
    # Content type and duration move by the run that said them, and so do the results: an older run's results are better
    # than none when a newer run failed, whichever is told of first.
    Column("typed_run", Integer, nullable=False, server_default="0"),
    Column("typed_attempt", Integer, nullable=False, server_default="0"),
    Column("processing_ms", Float),
    Column("result_run", Integer, nullable=False, server_default="0"),
    Column("result_attempt", Integer, nullable=False, server_default="0"),
    Column("properties", JSON, nullable=False),
    Column("warnings", JSON, nullable=False, server_default="[]"),
    Column("text", _SMALL_JSON),
    Column("renditions", JSON, nullable=False),
    # What ai says.
    Column("analysis", String(20), nullable=False),
    Column("analysis_reason", _SMALL_JSON),
    Column("analysis_run", Integer, nullable=False, server_default="0"),
    Column("analysis_attempt", Integer, nullable=False, server_default="0"),
    Column("analysis_ms", Float),
    Column("findings", JSON, nullable=False),
    # The indexer's marks: behind while `index_done < index_wanted`.
    Column("index_wanted", Integer, nullable=False, server_default="1"),
    Column("index_done", Integer, nullable=False, server_default="0"),
    # The same with the form of the entry above it: `INDEX_FORM * 2^40 + index_wanted`. A new form of the index leaves every
    # document behind, so the first start with it makes the index anew; a program of an older form does not know this mark,
    # so what that one indexes beside the new one comes again.
    Column("index_mark", BigInteger, nullable=False, server_default="0"),
    # Which vectors of its text there are to keep, and which are kept: `version.run.attempt:digest of the model`.
    Column("vectors_wanted", String(120)),
    Column("vectors_kept", String(120)),
    # The 64 bits of its perceptual hash, as a signed number.
    Column("picture_hash", BigInteger),
    # The legal hold it is under, by the news of it that has the highest `hold_change`.
    Column("hold", _SMALL_JSON),
    Column("hold_change", Integer, nullable=False, server_default="0"),
    # What the store holds for a version, by the newest news of it; nothing for what is stored as it is.
    Column("stored_version", Integer, nullable=False, server_default="0"),
    Column("stored_forms", Integer, nullable=False, server_default="0"),
    Column("stored_size", BigInteger),
    # Of retention: a restore begins its time anew, and it is not asked for again at once.
    Column("restored_at", UtcTime),
    Column("rule_asked_at", UtcTime),
    # The file it came out of, and where in it that was.
    Column("parent_id", String(36)),
    Column("parent_path", String(500)),
    Index(
        "documents_children",
        "parent_id",
        "doc_id",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index("documents_newest", "owner_id", "deleted", "doc_id"),
    Index("documents_vectors", "doc_id", sqlite_where=text(VECTORS_BEHIND), postgresql_where=text(VECTORS_BEHIND)),
    Index(
        "documents_pictures",
        "owner_id",
        "doc_id",
        sqlite_where=text("picture_hash IS NOT NULL"),
        postgresql_where=text("picture_hash IS NOT NULL"),
    ),
    Index("documents_named", "owner_id", "deleted", "name_key", "doc_id"),
    Index("documents_sized", "owner_id", "deleted", "size", "doc_id"),
    Index(
        "documents_unindexed",
        "doc_id",
        sqlite_where=text("index_done < index_wanted"),
        postgresql_where=text("index_done < index_wanted"),
    ),
    Index("documents_behind_3", "doc_id", sqlite_where=text(INDEX_BEHIND), postgresql_where=text(INDEX_BEHIND)),
    # Of the form before, for code that still runs while it is replaced; empty soon after. A later version drops it.
    Index("documents_behind", "doc_id", sqlite_where=text(INDEX_BEHIND_2), postgresql_where=text(INDEX_BEHIND_2)),
)

texts = Table(
    "texts",
    metadata,
    Column("doc_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("storage_key", String(100), nullable=False),
    Column("body", Text, nullable=False),
)

# Vectors of a document's chunks, one after another: float16, unit length, little-endian. Made by ai; kept to be compared.
vectors = Table(
    "vectors",
    metadata,
    Column("doc_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("owner_id", String(200), nullable=False),
    Column("model", String(80), nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("vectors_newest", "owner_id", "model", "doc_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("entry_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("file_id", String(36), nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(80), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("client_address", String(80)),
    Column("request_id", String(64)),
    # Of the chain. `salt` is null once the file was purged; the others are null until the entry is sealed.
    Column("salt", String(32), server_default=""),
    Column("seq", BigInteger),
    Column("personal", String(64)),
    Column("leaf", String(64)),
    Index("audit_file", "file_id", "at", "entry_id"),
    Index("audit_seq", "seq", sqlite_where=text("seq IS NOT NULL"), postgresql_where=text("seq IS NOT NULL")),
    Index("audit_unsealed", "entry_id", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seal_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("head", String(64), nullable=False),
    Column("sealed_at", UtcTime, nullable=False),
)

timeline = Table(
    "timeline",
    metadata,
    Column("entry_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("file_id", String(36), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("service", String(40), nullable=False),
    Column("step", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer),
    Column("duration_ms", Float),
    Column("reason", _SMALL_JSON),
    Column("detail", JSON, nullable=False),
    Column("request_id", String(64)),
    Column("trace_id", String(32)),
    Index("timeline_file", "file_id", "at"),
    Index("timeline_request", "request_id"),
)

# When files are deleted (`contracts.retention.Rule`). `looked_to`: the key of the document it was held against last, in a
# run that goes on; `run`: what came of that run so far.
rules = Table(
    "rules",
    metadata,
    Column("rule_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("query", String(1000), nullable=False),
    Column("after_days", Integer, nullable=False),
    Column("since", String(10), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("acts_from", UtcTime, nullable=False),
    Column("next_run_at", UtcTime, nullable=False),
    Column("looked_to", BigInteger, nullable=False, server_default="0"),
    Column("run", _SMALL_JSON),
    Column("last_run", _SMALL_JSON),
    Index("rules_named", "owner_id", "name", unique=True),
    Index("rules_waiting", "next_run_at"),
)

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("search_id", String(36), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("query", String(1000), nullable=False),
    Column("sort", String(20)),
    Column("mode", String(20)),
    Column("created_at", UtcTime, nullable=False),
    Index("saved_searches_named", "owner_id", "name", unique=True),
)

# The counts of analytics: what is counted (`kind`), on which day since 1970, under which name.
tallies = Table(
    "tallies",
    metadata,
    Column("owner_id", String(200), primary_key=True),
    Column("kind", String(200), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), primary_key=True),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index("tallies_kinds", "kind", "day"),
)

tally_changes = Table(
    "tally_changes",
    metadata,
    Column("change_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("owner_id", String(200), nullable=False),
    Column("kind", String(200), nullable=False),
    Column("day", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

purged_files = purged_files_table(metadata)
owner_erasures = owner_erasures_table(metadata)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
