"""A job can wait for another: the column of every service with jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the rows that have it."""
    op.add_column("jobs", sa.Column("waits_for", sa.String(length=300), nullable=True))
    waiting = sa.text("waits_for IS NOT NULL")
    op.create_index("jobs_waiting", "jobs", ["waits_for"], sqlite_where=waiting, postgresql_where=waiting)
