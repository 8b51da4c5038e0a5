"""Legal holds, as upload tells of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; no file is under a hold yet."""
    op.add_column("documents", sa.Column("hold", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("documents", sa.Column("hold_change", sa.Integer(), server_default="0", nullable=False))
