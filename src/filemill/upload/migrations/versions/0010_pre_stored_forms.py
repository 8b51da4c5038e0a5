"""How often a blob got another form in the store, so that the news of it is in order."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What is compressed already is told of when it changes again, or is shared."""
    op.add_column("blobs", sa.Column("forms", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE blobs SET forms = 1 WHERE compression = 'zstd'")
