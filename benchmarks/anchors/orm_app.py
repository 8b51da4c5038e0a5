"""An anchor of G9: the same row by id through FastAPI with a SQLAlchemy ORM session (asyncpg below it) and a response model."""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from document_out import DocumentOut
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Integer, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(os.environ["ANCHOR_DATABASE"].replace("postgresql:", "postgresql+asyncpg:"), pool_size=8)
make_session = async_sessionmaker(engine)
app = FastAPI()


class Base(DeclarativeBase):
    """Declarative base."""


class Document(Base):
    """The table of the metadata service, the columns its answer shows."""

    __tablename__ = "documents"

    doc_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    file_id: Mapped[str] = mapped_column(String(36))
    owner_id: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deleted: Mapped[bool] = mapped_column(Boolean)
    revision: Mapped[int] = mapped_column(Integer)
    title: Mapped[str | None] = mapped_column(String(500))
    description: Mapped[str | None] = mapped_column(String)
    tags: Mapped[list[str]] = mapped_column(JSON)
    custom: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))
    status_reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    properties: Mapped[dict[str, Any]] = mapped_column(JSON)
    text: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    renditions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    analysis: Mapped[str] = mapped_column(String(20))
    analysis_reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


async def session() -> AsyncIterator[AsyncSession]:
    """A session per request."""
    async with make_session() as opened:
        yield opened


@app.get("/files/{file_id}", response_model=DocumentOut)
async def get(file_id: str, opened: Annotated[AsyncSession, Depends(session)]) -> Document:
    """One document of the one owner."""
    query = select(Document).where(
        Document.file_id == file_id, Document.owner_id == "local", Document.deleted.is_(False)
    )
    row = (await opened.scalars(query)).first()
    if row is None:
        raise HTTPException(404)
    return row
