"""Files that came out of others: where from, and which families have still to follow their parent."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; what is here already came out of nothing."""
    op.add_column("files", sa.Column("parent_id", sa.String(length=36), nullable=True))
    op.add_column("files", sa.Column("parent_path", sa.String(length=500), nullable=True))
    op.add_column("files", sa.Column("depth", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("files", sa.Column("trashed_with", sa.String(length=36), nullable=True))
    child = sa.text("parent_id IS NOT NULL")
    op.create_index("files_children", "files", ["parent_id", "file_id"], sqlite_where=child, postgresql_where=child)
    op.add_column("purges", sa.Column("part_of", sa.String(length=36), nullable=True))
    part = sa.text("part_of IS NOT NULL")
    op.create_index("purges_part_of", "purges", ["part_of"], sqlite_where=part, postgresql_where=part)
    op.create_table(
        "families",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("purge_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_index("families_purge", "families", ["purge_id"])
