"""Follow what happens to your files, live: server-sent events from `/api/notifications/events`.

    python examples/follow_events.py

Reconnects by itself and goes on after the last event it saw. Ends with Ctrl-C.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator

import httpx

URL = os.environ.get("FILEMILL_URL", "http://localhost:8080") + "/api/notifications/events"
# The server says ": still here" at least every 15 seconds; a longer silence means that the connection is gone.
SILENCE_S = 30.0


def events() -> Iterator[tuple[str, str, str]]:
    """(id, type, data) of each event, for ever."""
    last_id = ""
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            with httpx.stream("GET", URL, headers=headers, timeout=httpx.Timeout(5.0, read=SILENCE_S)) as response:
                response.raise_for_status()
                fields: dict[str, str] = {}
                for line in response.iter_lines():
                    if line.startswith(":"):
                        continue
                    if line:
                        name, _, value = line.partition(":")
                        fields[name] = value.removeprefix(" ")
                    elif "data" in fields:
                        last_id = fields["id"]
                        yield last_id, fields["event"], fields.pop("data")
        except httpx.HTTPError as error:
            print(f"reconnecting: {error}")
        time.sleep(1.0)


def main() -> None:
    """Print a line per event."""
    for _, kind, data in events():
        event = json.loads(data)
        facts = event["data"]
        what = facts.get("filename") or " ".join(
            str(facts[name]) for name in ("service", "step", "state", "status", "analysis") if facts.get(name)
        )
        print(f"{event['time'][11:23]}  {kind:<15} {event['subject']}  {what}", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
