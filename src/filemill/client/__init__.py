"""The Python client: `from filemill.client import Mill` (or `AsyncMill`). See docs/guides/python-client.md."""

from filemill.client.async_mill import AsyncMill
from filemill.client.errors import MillError
from filemill.client.file import File, Version
from filemill.client.memory import UploadMemory
from filemill.client.mill import Mill

__all__ = ["AsyncMill", "File", "Mill", "MillError", "UploadMemory", "Version"]
