"""On PostgreSQL entries of the word index carry their block together with their owner.

Every document is behind the new form, so the next start makes the index anew while it serves; until then searches on
PostgreSQL find what has been made anew, and say how many files are behind.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BEHIND = "index_mark - index_wanted < 3298534883328"


def upgrade() -> None:
    """Find by an index what is behind the third form; the one of the second is still used by older code."""
    behind = sa.text(_BEHIND)
    op.create_index("documents_behind_3", "documents", ["doc_id"], sqlite_where=behind, postgresql_where=behind)
