"""Alembic's entry point for this service."""

from filemill.chassis.database.migrate import run_environment
from filemill.metadata.tables import metadata

run_environment(metadata)
