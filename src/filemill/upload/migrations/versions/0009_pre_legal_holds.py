"""Legal holds: a column of the file, so that who deletes one and who holds one write the same row."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and how held files are found; no file is under a hold yet."""
    op.add_column("files", sa.Column("hold", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("files", sa.Column("hold_change", sa.Integer(), server_default="0", nullable=False))
    held = sa.text("hold IS NOT NULL")
    op.create_index("files_on_hold", "files", ["file_id"], sqlite_where=held, postgresql_where=held)
