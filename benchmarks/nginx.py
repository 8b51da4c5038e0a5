"""nginx as an anchor: one worker, WebDAV PUT below `files/`, `sendfile` for GET, and what a benchmark adds; and as our edge.

Where nginx is not installed a bare ASGI app takes its place for PUT, and the result says so.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processes

from filemill.gateway.nginx.options import NginxOptions, default_upstreams
from filemill.gateway.nginx.render import render

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


@contextlib.contextmanager
def edge(folder: Path, upload_port: int, **options: Any) -> Iterator[processes.Server]:
    """NGINX with our rendering, one worker, before this upload service."""
    folder.mkdir()
    port = processes.free_port()
    chosen = NginxOptions(
        listen=(f"127.0.0.1:{port}",),
        upstreams=default_upstreams_with(upload_port),
        asks_for_credentials=False,
        work_dir=str(folder),
        access_log=str(folder / "access.log"),
        error_log=str(folder / "error.log"),
        run_as="root" if os.geteuid() == 0 else None,
        **options,
    )
    for name, text in render(chosen).items():
        (folder / name).write_text(text.replace("worker_processes auto;", "worker_processes 1;"))
    found = program()
    assert found is not None
    command = [found, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    subprocess.run([*command[:-2], "-t"], check=True, capture_output=True)
    with processes.running(command, os.environ, port) as server:
        yield server


def default_upstreams_with(upload_port: int) -> dict[str, tuple[str, ...]]:
    """Only upload is there."""
    nowhere: dict[str, tuple[str, ...]] = dict.fromkeys(default_upstreams(), ("127.0.0.1:1",))
    return nowhere | {"upload": (f"127.0.0.1:{upload_port}",)}
