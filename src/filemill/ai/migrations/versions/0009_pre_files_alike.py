"""Files with equal bytes are found without going through all results of their owner."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("known_files_alike", "known_files", ["sha256", "owner_id"])
