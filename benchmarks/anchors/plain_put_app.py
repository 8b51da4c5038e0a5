"""The stand-in of G1 where nginx is not installed: a bare ASGI app that writes a body to a file; no hash, no database."""

import os
import uuid
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["ANCHOR_FOLDER"])


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer any PUT with 201 and keep its body under the path's last part."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    name = scope["path"].rpartition("/")[2] or uuid.uuid4().hex
    with (FOLDER / name).open("wb") as target:
        while True:
            message = await receive()
            target.write(message.get("body", b""))
            if not message.get("more_body"):
                break
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
