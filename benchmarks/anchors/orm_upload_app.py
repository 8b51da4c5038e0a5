"""The anchor of G6: an upload as one would write it with FastAPI and the SQLAlchemy ORM. `UploadFile` is hashed and written
to a folder (not synced), a row for the file and one for its event are added to an async session on asyncpg, one commit.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, UploadFile
from orm_upload_tables import File, digest_of, new_rows
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

FOLDER = Path(os.environ["ANCHOR_FOLDER"])
engine = create_async_engine(os.environ["ANCHOR_DATABASE"], pool_size=20, max_overflow=0)
make_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class FileOut(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True)

    file_id: str
    owner_id: str
    filename: str
    size: int
    content_type: str
    sha256: str
    version: int
    created_at: datetime
    updated_at: datetime
    status: str
    analysis: str
    title: str | None
    tags: list[str]


async def session() -> AsyncIterator[AsyncSession]:
    """A session per request."""
    async with make_session() as opened:
        yield opened


@app.post("/files", status_code=201, response_model=FileOut)
async def upload(file: UploadFile, opened: Annotated[AsyncSession, Depends(session)]) -> File:
    """Hash, write, two rows, commit."""
    body = await file.read()
    row, event = new_rows(file.filename or "", file.content_type or "", len(body), digest_of(body))
    (FOLDER / row.file_id).write_bytes(body)
    opened.add_all([row, event])
    await opened.commit()
    return row
