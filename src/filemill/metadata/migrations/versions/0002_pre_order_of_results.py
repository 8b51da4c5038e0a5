"""Where each part of a document stands in the order of runs, so that events fold the same in any order of arrival."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERS = ("typed_run", "typed_attempt", "result_run", "result_attempt")


def upgrade() -> None:
    """Add the columns; what is known already counts as said by the newest run."""
    op.add_column("documents", sa.Column("introduced", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in _NUMBERS:
        op.add_column("documents", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE documents SET introduced = known, typed_run = work_run, typed_attempt = work_attempt,"
        " result_run = work_run, result_attempt = work_attempt"
    )
