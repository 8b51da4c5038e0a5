"""Which form an index entry has: every document is behind the new one, so the next start makes the index anew."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0005"
branch_labels = None
depends_on = None

_BEHIND = "index_mark - index_wanted < 2199023255552"


def upgrade() -> None:
    """Add the mark and find by it what is behind."""
    op.add_column("documents", sa.Column("index_mark", sa.BigInteger(), server_default="0", nullable=False))
    behind = sa.text(_BEHIND)
    op.create_index("documents_behind", "documents", ["doc_id"], sqlite_where=behind, postgresql_where=behind)
