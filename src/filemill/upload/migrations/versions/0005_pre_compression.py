"""What is known of a blob's compression, and who looks at it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and their index. Code that does not know them inserts rows that are looked at later."""
    op.add_column("blobs", sa.Column("compression", sa.String(length=8), nullable=True))
    op.add_column("blobs", sa.Column("holder", sa.String(length=200), nullable=True))
    op.add_column("blobs", sa.Column("held_until", sa.Float(), server_default="0", nullable=False))
    op.create_index(
        "blobs_open",
        "blobs",
        ["stored_at"],
        unique=False,
        sqlite_where=sa.text("compression IS NULL AND size >= 4096"),
        postgresql_where=sa.text("compression IS NULL AND size >= 4096"),
    )
