"""Results of steps are kept under their address, and used again for the same bytes; a job can wait for another."""

import sqlalchemy as sa
from alembic import op

from filemill.chassis.database.types import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. Versions that are known already have no digest here: they are processed without their results."""
    op.add_column("jobs", sa.Column("waits_for", sa.String(length=300), nullable=True))
    waiting = sa.text("waits_for IS NOT NULL")
    op.create_index("jobs_waiting", "jobs", ["waits_for"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("known_files_owner", "known_files", ["owner_id", "file_id"])
    op.create_index("renditions_blob", "renditions", ["storage_key"])
    _create_contents()
    _create_results()
    op.execute(
        "INSERT INTO file_contents (file_id, version, owner_id, sha256) "
        "SELECT file_id, version, owner_id, '' FROM known_files WHERE version > 0"
    )


def _create_contents() -> None:
    op.create_table(
        "file_contents",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=True),
        sa.Column("plan", sa.String(length=40), nullable=True),
        sa.Column("steps", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("file_id", "version"),
    )
    op.create_index("file_contents_bytes", "file_contents", ["owner_id", "sha256"])
    op.create_table(
        "content_runs",
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "sha256"),
    )


def _create_results() -> None:
    op.create_table(
        "step_results",
        sa.Column("result_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("text_state", sa.String(length=20), nullable=True),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("result_id"),
    )
    address = ["owner_id", "sha256", "step", "version", "inputs"]
    op.create_index("step_results_address", "step_results", address, unique=True)
    op.create_table(
        "result_blobs",
        sa.Column("storage_key", sa.String(length=100), nullable=False),
        sa.Column("result_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("storage_key"),
    )
    op.create_index("result_blobs_result", "result_blobs", ["result_id"])
