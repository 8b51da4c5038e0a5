"""Answer with a whole blob of ours (a rendition): ETag from its key, which never changes its content."""

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from filemill.chassis.storage.store import BlobStore, drain


async def blob_response(request: Request, store: BlobStore, key: str, media_type: str) -> Response:
    """The blob, or 304 if the caller has it. Raises `NotFound`, `Unavailable` as the store does."""
    etag = f'"{key.rpartition("/")[2]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=86400", "Content-Security-Policy": "sandbox"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    reader = await store.open(key)
    headers["Content-Length"] = str(reader.size_bytes)
    return StreamingResponse(drain(reader), media_type=media_type, headers=headers)
