"""The claim goes from owner to owner by an index, instead of sorting all that waits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    queued = sa.text("state = 'queued'")
    op.create_index("jobs_turns", "jobs", ["lane", "owner_id", "due_at"], sqlite_where=queued, postgresql_where=queued)
