"""Retention rules, and what they note on documents: when upload was asked for one, and when it came back from the trash."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns. A file that was restored before counts from its creation."""
    op.add_column("documents", sa.Column("restored_at", UtcTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("rule_asked_at", UtcTime(timezone=True), nullable=True))
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.String(length=36), nullable=False, primary_key=True),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcTime(timezone=True), nullable=False),
        sa.Column("acts_from", UtcTime(timezone=True), nullable=False),
        sa.Column("next_run_at", UtcTime(timezone=True), nullable=False),
        sa.Column("looked_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("run", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("last_run", sa.JSON(none_as_null=True), nullable=True),
    )
    op.create_index("rules_named", "rules", ["owner_id", "name"], unique=True)
    op.create_index("rules_waiting", "rules", ["next_run_at"])
