"""What workers say of the models they load: for `GET /models`, which another process answers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "model_states",
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("model_id", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "model_id"),
    )
