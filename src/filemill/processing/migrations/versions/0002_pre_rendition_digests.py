"""A rendition's SHA-256 beside its size, so that `filemill verify` sees a flipped bit in it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was made before does not know its own."""
    op.add_column("renditions", sa.Column("sha256", sa.String(length=64), nullable=True))
