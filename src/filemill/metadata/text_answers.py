"""The extracted text in the forms a client may ask for.

The stored blob is processing's (`contracts.processing.TextRef`); one of an earlier version has pages alone. Not for:
finding or reading the blob. On failure: ValueError for a blob that is not ours.
"""

from typing import Any, Literal

import orjson
from fastapi import Response
from fastapi.responses import PlainTextResponse

Format = Literal["plain", "json", "markdown"]


def text_answer(blob: bytes, form: Format) -> Response:
    """The text; as Markdown it has headings, lists and tables where the source has them, else it is the plain text.

    JSON: each chunk with its own text, so that a client need not cut it out of its page.
    """
    found = orjson.loads(blob)
    pages = found["pages"]
    if form == "json":
        return Response(orjson.dumps(_with_texts(found)), media_type="application/json")
    plain = "\n\n".join(page["text"] for page in pages)
    if form == "markdown":
        return PlainTextResponse(found.get("markdown") or plain, media_type="text/markdown")
    return PlainTextResponse(plain)


def _with_texts(found: dict[str, Any]) -> dict[str, Any]:
    texts = {page["number"]: page["text"] for page in found["pages"]}
    chunks = [
        chunk | {"text": texts.get(chunk["page"], "")[chunk["start"] : chunk["end"]]}
        for chunk in found.get("chunks", ())
    ]
    return {"pages": found["pages"], "chunks": chunks}
