"""Logs and traces of one process, switched on at its start."""

from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import logging, tracing


def start_telemetry(settings: ServiceSettings, process: str) -> None:
    """Logs and traces of this process, under its name."""
    logging.configure(process, log_format=settings.log_format, level=settings.log_level, folder=settings.log_dir)
    tracing.configure(process, settings.otlp_endpoint)
