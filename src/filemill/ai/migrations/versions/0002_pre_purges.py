"""Purged files leave a tombstone."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0002"
down_revision = "0001"
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
    op.add_column("outbox", sa.Column("subject", sa.String(length=36), nullable=True))
    op.create_index("outbox_subject", "outbox", ["subject"], unique=False)
