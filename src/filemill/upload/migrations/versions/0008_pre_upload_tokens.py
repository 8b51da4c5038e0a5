"""What upload tokens have made, and the token an unfinished upload was begun with."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column; what is here already came without a token."""
    op.add_column("upload_sessions", sa.Column("token", sa.JSON(), nullable=True))
    op.create_table(
        "token_uses",
        sa.Column("token_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.Column("forget_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_id"),
    )
    op.create_index("token_uses_over", "token_uses", ["forget_at"], unique=False)
