"""Which form an index entry has, and what names are sorted by.

Every document is behind the new form, so the next start makes the index anew, and fills in what names are sorted by.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0005"
branch_labels = None
depends_on = None

_BEHIND = "index_mark - index_wanted < 2199023255552"


def upgrade() -> None:
    """Add the columns; find by them what is behind, and lists in order of name and size."""
    by_bytes = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")
    op.add_column("documents", sa.Column("name_key", by_bytes, server_default="", nullable=False))
    op.create_index("documents_named", "documents", ["owner_id", "deleted", "name_key", "doc_id"])
    op.create_index("documents_sized", "documents", ["owner_id", "deleted", "size", "doc_id"])
    op.add_column("documents", sa.Column("index_mark", sa.BigInteger(), server_default="0", nullable=False))
    behind = sa.text(_BEHIND)
    op.create_index("documents_behind", "documents", ["doc_id"], sqlite_where=behind, postgresql_where=behind)
