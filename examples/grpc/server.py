"""metadata's read API by gRPC: a program beside filemill that asks metadata over HTTP and answers in messages.

    python -m grpc_tools.protoc -I examples/grpc --python_out examples/grpc --grpc_python_out examples/grpc files.proto
    python examples/grpc/server.py [--port 50051] [--metadata http://127.0.0.1:8001]

What the caller brings is handed on: his credentials (`authorization`), the request's id and trace, and his deadline, which
becomes the patience of the HTTP call. What metadata answers comes back as the status that gRPC has for it.
Health (`grpc.health.v1`) says NOT_SERVING while metadata cannot be asked; reflection tells a client what there is.
Not for: production as it stands (no TLS here), and not part of filemill: nothing imports it.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import files_pb2
import files_pb2_grpc
import grpc
import httpx
from google.protobuf.json_format import ParseDict
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

NAME = files_pb2.DESCRIPTOR.services_by_name["Files"].full_name
HANDED_ON = ("authorization", "x-request-id", "traceparent")
LIMIT_DEFAULT, PAGE = 50, 50
PATIENCE_S = 10.0
"""Of a caller who sets no deadline: without one he would wait for ever."""
LOOK_EVERY_S = 1.0
STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


class Files(files_pb2_grpc.FilesServicer):
    """The service of `files.proto`."""

    def __init__(self, metadata: httpx.AsyncClient) -> None:
        self._metadata = metadata

    async def GetFile(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802 - the proto's name
        """One file. What the caller wrote stays one part of the address."""
        if not request.file_id:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "file_id is empty")
        return _file(await self._ask(f"/files/{_part(request.file_id)}", {}, context))

    async def Search(self, request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:  # noqa: N802
        """Hits, page after page; a client that reads no further is asked for no further page."""
        left, cursor = request.limit or LIMIT_DEFAULT, None
        while left > 0:
            query = {"q": request.query, "limit": min(left, PAGE)} | ({"cursor": cursor} if cursor else {})
            page = await self._ask("/files", query, context)
            for item in page["items"]:
                yield files_pb2.Hit(file=_file(item), score=item.get("score") or 0.0, highlights=item["highlights"])
            left, cursor = left - len(page["items"]), page["next_cursor"]
            if cursor is None:
                return

    async def _ask(self, path: str, query: dict[str, Any], context: grpc.aio.ServicerContext) -> Any:
        headers = {key: value for key, value in context.invocation_metadata() or () if key in HANDED_ON}
        left_s = context.time_remaining()
        try:
            answer = await self._metadata.get(path, params=query, headers=headers, timeout=left_s or PATIENCE_S)
        except httpx.TimeoutException:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "metadata did not answer in time")
        except httpx.TransportError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "metadata does not answer")
        if answer.is_success:
            return answer.json()
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        context.set_trailing_metadata((("problem-code", str(problem.get("code", answer.status_code))),))
        return await context.abort(STATUS.get(answer.status_code, grpc.StatusCode.INTERNAL), problem.get("detail", ""))


def _part(words: str) -> str:
    """Quoted, dots too: `..` would go up."""
    return quote(words, safe="").replace(".", "%2E")


def _file(known: dict[str, Any]) -> Any:
    """The message; times and properties are read by protobuf itself."""
    file = files_pb2.File(
        file_id=known["file_id"],
        filename=known["filename"],
        size_bytes=known["size"],
        content_type=known["content_type"],
        sha256=known["sha256"],
        status=known["status"],
        analysis=known["analysis"],
        version=known["version"],
        title=known["title"] or "",
        tags=known["tags"],
        summary=known.get("summary") or "",
    )
    file.created_at.FromJsonString(known["created_at"])
    file.updated_at.FromJsonString(known["updated_at"])
    ParseDict(known.get("properties") or {}, file.properties)
    return file


async def watch(metadata: httpx.AsyncClient, said: health.aio.HealthServicer) -> None:
    """Tell the health service how metadata is, for ever."""
    while True:
        serving = health_pb2.HealthCheckResponse.NOT_SERVING
        with contextlib.suppress(httpx.TransportError):
            if (await metadata.get("/readyz", timeout=1)).is_success:
                serving = health_pb2.HealthCheckResponse.SERVING
        for name in ("", NAME):
            await said.set(name, serving)
        await asyncio.sleep(LOOK_EVERY_S)


async def serve(port: int, metadata_url: str) -> None:
    """Serve on loopback until cancelled; prints its address."""
    async with httpx.AsyncClient(base_url=metadata_url) as metadata:
        server, said = grpc.aio.server(), health.aio.HealthServicer()
        files_pb2_grpc.add_FilesServicer_to_server(Files(metadata), server)
        health_pb2_grpc.add_HealthServicer_to_server(said, server)
        reflection.enable_server_reflection((NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        print(f"ready at 127.0.0.1:{bound}", flush=True)
        watching = asyncio.create_task(watch(metadata, said))
        try:
            await server.wait_for_termination()
        finally:
            watching.cancel()
            await server.stop(grace=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="metadata's read API by gRPC")
    parser.add_argument("--port", type=int, default=50051, help="0: any")
    parser.add_argument("--metadata", default="http://127.0.0.1:8001")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.port, asked.metadata))
