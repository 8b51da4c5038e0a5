"""Settings of the processing service and its workers."""

import os
from typing import Literal

from pydantic import Field

from filemill.chassis.settings import ServiceSettings


class ProcessingSettings(ServiceSettings):
    """`FILEMILL_*`. `processing_lanes`: which of them this worker takes, with RabbitMQ.

    `max_file_bytes`: what upload takes; `unpack_most_bytes`: what one file may unpack to, in the worker's scratch folder.
    `ocr_engine`: what reads words in pictures; `auto` is tesseract where it is installed, else rapidocr. `ocr_languages`:
    tesseract's names of languages, joined by `+`; for tesseract each needs its data installed. `picture_format`: of
    thumbnails, previews and cards; AVIF is smaller and takes longer to make. `office_engine`: `off` keeps
    LibreOffice, where it is installed, from drawing pages of office documents.
    """

    service: str = "processing"
    sandbox: Literal["full", "reduced"] = "full"
    processing_workers: int = Field(default_factory=lambda: max(2, (os.cpu_count() or 2)), ge=1, le=64)
    processing_deadline_s: float = Field(default=120.0, gt=0)
    processing_lanes: str = Field(default="interactive,bulk", pattern="^(interactive|bulk|interactive,bulk)$")
    max_file_bytes: int = Field(default=5 * 1024**3, ge=1)
    unpack_most_bytes: int = Field(default=1024**3, ge=1)
    picture_format: Literal["webp", "avif"] = "webp"
    office_engine: Literal["auto", "off"] = "auto"
    ocr_engine: Literal["auto", "tesseract", "rapidocr", "off"] = "auto"
    ocr_languages: str = Field(default="eng", pattern=r"^[A-Za-z_]{2,20}(\+[A-Za-z_]{2,20}){0,9}$")
