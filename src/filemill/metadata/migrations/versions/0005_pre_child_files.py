"""Which file a file came out of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and their index; what is here already came out of nothing."""
    op.add_column("documents", sa.Column("parent_id", sa.String(length=36), nullable=True))
    op.add_column("documents", sa.Column("parent_path", sa.String(length=500), nullable=True))
    child = sa.text("parent_id IS NOT NULL")
    op.create_index(
        "documents_children", "documents", ["parent_id", "doc_id"], sqlite_where=child, postgresql_where=child
    )
