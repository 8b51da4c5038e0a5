"""What is odd about a file, as upload saw it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is odd about what is here already."""
    op.add_column("documents", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
