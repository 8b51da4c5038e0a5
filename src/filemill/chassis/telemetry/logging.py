"""Logs: structlog, a JSON line per event (pretty on a terminal), always with service, request id and trace id.

An event name is `room.thing.happened`; facts are key-values. Never content, tokens or whole file names of strangers; stacks
come without the values of variables.
The standard library's loggers (uvicorn, alembic) go through the same renderer.
"""

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from filemill.chassis.clock import now
from filemill.chassis.telemetry import request_context
from filemill.chassis.telemetry.log_file import BoundedLog
from filemill.contracts.model import rfc3339

_LEVELS = {"warn": "warning", "exception": "error"}
"""Where a level has another name than the method."""


def configure(service: str, *, log_format: str = "auto", level: str = "info", folder: Path | None = None) -> None:
    """Set up logging of this process: to `folder/<service>.log`, or to stderr. A second call replaces the first."""
    target: Any = sys.stderr
    if folder is not None:
        target = BoundedLog(folder / f"{service}.log")

    def in_reading_order(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        first = {"timestamp": rfc3339(now()), "level": _LEVELS.get(method, method), "service": service}
        line: dict[str, Any] = {**first, "event": event.pop("event", ""), **event, **first}
        context = request_context.current()
        if context is not None:
            line.setdefault("request_id", context.request_id)
            line.setdefault("trace_id", context.trace_id)
        return line

    pretty = log_format == "pretty" or (log_format == "auto" and target.isatty())
    if pretty:
        plain = structlog.dev.plain_traceback
        render: list[Any] = [structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=plain)]
    else:
        # Without the frames' variables, which may hold a URL with its password or a line of somebody's file.
        stacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        tracebacks = structlog.processors.ExceptionRenderer(stacks)
        render = [tracebacks, structlog.processors.JSONRenderer(serializer=_json)]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[in_reading_order, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, in_reading_order],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(number, logging.WARNING))


def _json(event: Any, default: Callable[[Any], Any]) -> str:
    """A line. What orjson refuses (a name that is no UTF-8, a number over 64 bits) must not fail who logs it."""
    try:
        return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return json.dumps(event, default=default)
