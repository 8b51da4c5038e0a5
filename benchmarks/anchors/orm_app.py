"""The anchor of G9: the same row by id through FastAPI with a SQLAlchemy ORM session and a pydantic response model."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Boolean, DateTime, Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine(os.environ["ANCHOR_DATABASE"], connect_args={"check_same_thread": False}, pool_size=40)
make_session = sessionmaker(engine)
app = FastAPI()


class Base(DeclarativeBase):
    """Declarative base."""


class Document(Base):
    """The table of the metadata service, the columns its answer shows."""

    __tablename__ = "documents"

    doc_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_id: Mapped[str] = mapped_column(String(36))
    owner_id: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    updated_at: Mapped[datetime] = mapped_column(DateTime)
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


class DocumentOut(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True)

    file_id: str
    owner_id: str
    filename: str
    size: int
    content_type: str
    sha256: str
    version: int
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    revision: int
    title: str | None
    description: str | None
    tags: list[str]
    custom: dict[str, Any]
    status: str
    status_reason: dict[str, Any] | None
    properties: dict[str, Any]
    text: dict[str, Any] | None
    renditions: list[dict[str, Any]]
    analysis: str
    analysis_reason: dict[str, Any] | None
    findings: list[dict[str, Any]]


def session() -> Iterator[Session]:
    """A session per request."""
    with make_session() as opened:
        yield opened


@app.get("/files/{file_id}", response_model=DocumentOut)
def get(file_id: str, opened: Annotated[Session, Depends(session)]) -> Document:
    """One document of the one owner."""
    query = select(Document).where(
        Document.file_id == file_id, Document.owner_id == "local", Document.deleted.is_(False)
    )
    row = opened.scalars(query).first()
    if row is None:
        raise HTTPException(404)
    return row
