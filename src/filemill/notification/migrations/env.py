"""Alembic's entry point for this service."""

from filemill.chassis.database.migrate import run_environment
from filemill.notification.tables import metadata

run_environment(metadata)
