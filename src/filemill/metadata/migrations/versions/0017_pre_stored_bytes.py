"""What the store holds for a document's content, as upload tells of it; it is counted at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and how the counts of every owner are found."""
    op.add_column("documents", sa.Column("stored_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("documents", sa.Column("stored_forms", sa.Integer(), server_default="0", nullable=False))
    op.add_column("documents", sa.Column("stored_size", sa.BigInteger(), nullable=True))
    op.create_index("tallies_kinds", "tallies", ["kind", "day"])
