"""Which form an index entry has, what names are sorted by, vectors of texts, hashes of pictures.

Every document is behind the new form, so the next start makes the index anew, and fills in what names are sorted by and
pictures are compared by.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0005"
branch_labels = None
depends_on = None

_VECTORS_BEHIND = "coalesce(vectors_wanted, '') <> coalesce(vectors_kept, '')"
_BEHIND = "index_mark - index_wanted < 2199023255552"


def upgrade() -> None:
    """Add the columns; find by them what is behind, and lists in order of name and size."""
    by_bytes = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")
    op.add_column("documents", sa.Column("name_key", by_bytes, server_default="", nullable=False))
    op.create_index("documents_named", "documents", ["owner_id", "deleted", "name_key", "doc_id"])
    op.create_index("documents_sized", "documents", ["owner_id", "deleted", "size", "doc_id"])
    for name in ("vectors_wanted", "vectors_kept"):
        op.add_column("documents", sa.Column(name, sa.String(length=120), nullable=True))
    op.add_column("documents", sa.Column("picture_hash", sa.BigInteger(), nullable=True))
    apart = sa.text(_VECTORS_BEHIND)
    op.create_index("documents_vectors", "documents", ["doc_id"], sqlite_where=apart, postgresql_where=apart)
    hashed = sa.text("picture_hash IS NOT NULL")
    op.create_index(
        "documents_pictures", "documents", ["owner_id", "doc_id"], sqlite_where=hashed, postgresql_where=hashed
    )
    op.create_table(
        "vectors",
        sa.Column("doc_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("doc_id"),
    )
    op.create_index("vectors_newest", "vectors", ["owner_id", "model", "doc_id"])
    op.add_column("documents", sa.Column("index_mark", sa.BigInteger(), server_default="0", nullable=False))
    behind = sa.text(_BEHIND)
    op.create_index("documents_behind", "documents", ["doc_id"], sqlite_where=behind, postgresql_where=behind)
