"""Files that wait in a spool until the store is back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "spooled",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("spool_id", sa.String(length=36), nullable=False),
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.PrimaryKeyConstraint("file_id"),
        sa.UniqueConstraint("storage_key"),
    )
    op.create_index("spooled_spool", "spooled", ["spool_id", "file_id"], unique=False)
