"""The chain over the audit trail: entries that are here already are sealed at the next start, in the order of their ids."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, the seals, and how both are found. The salt of an older entry is empty, that of an erased one null."""
    op.add_column("audit", sa.Column("salt", sa.String(length=32), server_default="", nullable=True))
    op.add_column("audit", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("personal", sa.String(length=64), nullable=True))
    op.add_column("audit", sa.Column("leaf", sa.String(length=64), nullable=True))
    sealed, unsealed = sa.text("seq IS NOT NULL"), sa.text("seq IS NULL")
    op.create_index("audit_seq", "audit", ["seq"], sqlite_where=sealed, postgresql_where=sealed)
    op.create_index("audit_unsealed", "audit", ["entry_id"], sqlite_where=unsealed, postgresql_where=unsealed)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit_seals",
        sa.Column("seal_id", number, autoincrement=False, primary_key=True),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", UtcTime(timezone=True), nullable=False),
    )
