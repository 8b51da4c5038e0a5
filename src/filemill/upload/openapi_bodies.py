"""What OpenAPI says of bodies that no framework reads for us: they are streams."""

from typing import Any

from filemill.contracts.upload import File
from filemill.upload import tus

_BYTES = {"type": "string", "format": "binary"}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": _BYTES,
                        "title": {"type": "string"},
                        "tags": {"type": "string", "description": "Comma-separated, or a JSON list."},
                        "metadata": {"type": "string", "description": "A JSON object."},
                        "external_id": {"type": "string"},
                    },
                }
            }
        },
    }
}
RAW = {"requestBody": {"required": True, "content": {"*/*": {"schema": _BYTES}}}}
CHUNK = {"requestBody": {"content": {tus.CHUNK_TYPE: {"schema": _BYTES}}}}
QUEUED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": File,
        "description": "Kept safe, but not in the store, which is away: `queued` (FILEMILL_SPOOL_DIR).",
    }
}
