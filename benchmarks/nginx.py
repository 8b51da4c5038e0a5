"""nginx as an anchor: one worker, WebDAV PUT below `files/`, `sendfile` for GET, and what a benchmark adds.

Where nginx is not installed a bare ASGI app takes its place for PUT, and the result says so.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import processes

CONFIGURATION = """
daemon off; worker_processes 1; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; sendfile on; tcp_nopush on;
  keepalive_requests 1000000; client_body_buffer_size 16k;
  proxy_temp_path {folder}/t1; fastcgi_temp_path {folder}/t2; uwsgi_temp_path {folder}/t3; scgi_temp_path {folder}/t4;
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""
FILES = "location / {{ root {folder}/files; dav_methods PUT DELETE; }}"
PROXY = """location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host localhost; proxy_request_buffering off; proxy_buffering off; }}"""


def program() -> str | None:
    """Where it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


@contextlib.contextmanager
def serving(folder: Path, locations: str = FILES, **names: object) -> Iterator[tuple[str, processes.Server]]:
    """(what it is, the server)."""
    (folder / "files").mkdir(parents=True)
    found = program()
    if found is None:
        with processes.running(*processes.anchor_app("plain_put_app", ANCHOR_FOLDER=str(folder / "files"))) as server:
            yield "a bare ASGI app (nginx is not installed)", server
        return
    port = processes.free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    filled = locations.format(folder=folder, **names)
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, user=user, locations=filled))
    command = [found, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with processes.running(command, os.environ, port) as server:
        yield "nginx", server
