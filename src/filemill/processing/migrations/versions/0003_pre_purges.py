"""Purged files leave a tombstone."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; find events by their file."""
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
