"""Models for tests: entries with files of a few bytes, and a server of them that can misbehave."""

import contextlib
import hashlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENTRY = """\
id = "{id}"
capability = "{capability}"
title = "A model of a test"
version = "1"
runtime = "{runtime}"
quality = "basic"
rank = {rank}
licence = "CC0-1.0"
languages = ["*"]
device = "any"
size_bytes = 1000
memory_bytes = {memory_bytes}
built_in = false
"""


def entry_text(
    files: dict[str, bytes], *, base_url: str = "", capability: str = "embeddings", model_id: str = "of-test",
    rank: int = 0, memory_bytes: int = 200_000_000, settings: str = "", runtime: str = "onnxruntime",
) -> str:  # fmt: skip
    """A `model.toml` whose manifest fits these files."""
    text = ENTRY.format(id=model_id, capability=capability, rank=rank, memory_bytes=memory_bytes, runtime=runtime)
    if settings:
        text += f"\n[settings]\n{settings}\n"
    for name, body in files.items():
        text += (
            f'\n[[files]]\nname = "{name}"\nsize_bytes = {len(body)}\nsha256 = "{hashlib.sha256(body).hexdigest()}"\n'
        )
        if base_url:
            text += f'url = "{base_url}/{name}"\n'
    return text


def own_model(models_dir: Path, files: dict[str, bytes], *, present: bool = True, **more: object) -> Path:
    """An operator's own model in a folder of the shelf; `present`: with its files."""
    folder = models_dir / str(more.get("model_id", "of-test"))
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(entry_text(files, **more))  # type: ignore[arg-type]
    if present:
        for name, body in files.items():
            (folder / name).write_bytes(body)
    return folder


@dataclass
class FileServer:
    """Serves bytes by path. `cuts`: after how many bytes each of the next answers breaks off."""

    files: dict[str, bytes]
    knows_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""
    ca_file: Path | None = None
    """What to trust, where it is served over TLS."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, wanted = handler.path.lstrip("/"), handler.headers.get("Range")
        self.asked.append((path, wanted))
        if self.statuses:
            self._head(handler, self.statuses.pop(0), 0)
            return
        if path in self.redirects:
            handler.send_response(302)
            handler.send_header("Location", self.redirects[path])
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = self.files.get(path)
        if body is None:
            self._head(handler, 404, 0)
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.knows_ranges else 0
        rest = body[begin:]
        if begin:
            self._head(handler, 206, len(rest), f"bytes {begin}-{len(body) - 1}/{len(body)}")
        else:
            self._head(handler, 200, len(rest))
        if self.cuts:
            rest = rest[: self.cuts.pop(0)]
            handler.close_connection = True
        handler.wfile.write(rest)

    def _head(
        self, handler: BaseHTTPRequestHandler, status: int, length: int, content_range: str | None = None
    ) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length))
        if content_range:
            handler.send_header("Content-Range", content_range)
        handler.end_headers()


@contextlib.contextmanager
def serving(server: FileServer, certificate: Path | None = None) -> Iterator[FileServer]:
    """The server on a port of loopback; over TLS with a `certificate`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that left is no news
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.url = f"{'https://localhost' if certificate else 'http://127.0.0.1'}:{httpd.server_address[1]}"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
