"""Reading what a child says, a line at a time, whatever it says."""

import asyncio
import json
from typing import Any

from filemill.chassis.sandbox import messages

_TOO_LONG = bytes(messages.LINE_MAX_BYTES + 1)


async def next_line(reader: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end; one that is too long comes as one that is too long."""
    try:
        return await reader.readline()
    except ValueError:
        return _TOO_LONG  # readline dropped a line above its limit
    except (ConnectionResetError, BrokenPipeError):
        return b""  # the child ended without reading its request: its status says why


def parse(line: bytes) -> dict[str, Any]:
    """The message of a line; empty if it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}  # a child that writes nonsense has not answered
    return message if isinstance(message, dict) else {}
