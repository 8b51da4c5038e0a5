"""Versions of a file, blobs that versions share, what an owner has, purges."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}
"""How PostgreSQL names a constraint by itself; SQLite does not, so the copy of the table is told."""


def upgrade() -> None:
    """Create the tables and fill them from the files that are here."""
    op.create_table(
        "versions",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "version"),
    )
    op.create_index("versions_blob", "versions", ["storage_key"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_size", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("storage_key"),
    )
    op.create_index("blobs_content", "blobs", ["sha256", "scope"], unique=True)
    op.create_table(
        "usage",
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("versions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id"),
    )
    op.create_table(
        "purged_files",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("purge_id", sa.String(length=36), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("erased_at", UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_table(
        "removals",
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("storage_key"),
    )
    op.create_index("removals_due", "removals", ["due_at"], unique=False)
    op.create_index("removals_file", "removals", ["file_id"], unique=False)
    op.add_column("outbox", sa.Column("subject", sa.String(length=36), nullable=True))
    op.create_index("outbox_subject", "outbox", ["subject"], unique=False)
    op.create_table(
        "purges",
        sa.Column("purge_id", sa.String(length=36), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("asked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("done_at", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("purge_id"),
    )
    op.create_table(
        "purge_confirmations",
        sa.Column("purge_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("confirmed_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purge_id", "service"),
    )
    with op.batch_alter_table("files", naming_convention=_NAMES) as files:
        files.drop_constraint("files_storage_key_key", type_="unique")
    op.create_index(
        "files_trash",
        "files",
        ["deleted_at"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.execute(
        "INSERT INTO versions SELECT file_id, version, owner_id, filename, size, content_type, sha256, storage_key, created_at"
        " FROM files WHERE status <> 'queued'"
    )
    # What was stored twice before stays so: each is its own scope.
    op.execute(
        "INSERT INTO blobs SELECT storage_key, storage_key, sha256, size, size, created_at FROM files WHERE status <> 'queued'"
    )
    op.execute("INSERT INTO usage SELECT owner_id, SUM(size), COUNT(*) FROM files GROUP BY owner_id")
