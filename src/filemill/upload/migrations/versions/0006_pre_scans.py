"""Versions that are held back until a scanner has seen them, and for good if it found something. What is odd about a file."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; what is here already is held back by nothing."""
    op.add_column("files", sa.Column("held", sa.String(length=12), nullable=True))
    op.add_column("files", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("versions", sa.Column("held", sa.String(length=12), nullable=True))
    op.create_table(
        "scans",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("uploaded", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("held_until", sa.Float(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("file_id", "version"),
    )
    op.create_index("scans_due", "scans", ["due_at"], unique=False)
