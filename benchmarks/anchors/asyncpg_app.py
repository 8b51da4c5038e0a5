"""An anchor of G9: the same row by id through FastAPI with an asyncpg pool, hand-written SQL and a response model."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from document_out import DocumentOut
from fastapi import FastAPI, HTTPException, Request

QUERY = (
    f"SELECT {', '.join(DocumentOut.model_fields)} FROM documents"
    " WHERE file_id = $1 AND owner_id = 'local' AND NOT deleted"
)


async def read_json(connection: asyncpg.Connection) -> None:
    """JSON columns as Python values."""
    await connection.set_type_codec("json", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    """A pool as long as the app lives."""
    async with asyncpg.create_pool(os.environ["ANCHOR_DATABASE"], min_size=4, max_size=8, init=read_json) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=life)


@app.get("/files/{file_id}", response_model=DocumentOut)
async def get(file_id: str, request: Request) -> dict[str, Any]:
    """One document of the one owner."""
    row = await request.app.state.pool.fetchrow(QUERY, file_id)
    if row is None:
        raise HTTPException(404)
    return dict(row)
