"""What is taken out of files, on its way to be files of its own; how many ancestors a file has."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; what is here already came out of nothing."""
    op.add_column("known_files", sa.Column("depth", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "parts",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("storage_key", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=80), nullable=True),
        sa.Column("reason_detail", sa.Text(), nullable=True),
        sa.Column("child_id", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "version", "number"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("parts_due", "parts", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("parts_blob", "parts", ["storage_key"])
    op.create_index("parts_child", "parts", ["child_id"])
