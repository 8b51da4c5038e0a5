"""Alembic's entry point for this service."""

from filemill.access.tables import metadata
from filemill.chassis.database.migrate import run_environment

run_environment(metadata)
