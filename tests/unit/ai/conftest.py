"""Subjects for the capability tests: made by hand, and from our own samples with the real extractors."""

import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path

import kreuzberg
import pypdfium2
import pytest

from filemill.ai.capabilities.run import look
from filemill.ai.capabilities.subject import Page, Subject
from filemill.ai.capabilities.table import in_order
from filemill.ai.models.registry import built_in_registry

TEST_DATA = Path(__file__).parents[3] / "test_data"
REGISTRY = built_in_registry()

MakeSubject = Callable[..., Subject]


def _pages_of(path: Path) -> tuple[Page, ...]:
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        try:
            texts = [document[index].get_textpage().get_text_range() for index in range(len(document))]
        finally:
            document.close()
        return tuple(Page(number, text) for number, text in enumerate(texts, start=1))
    if path.suffix == ".docx":
        return (Page(1, kreuzberg.extract_file_sync(str(path)).content),)
    if path.suffix in {".txt", ".csv", ".eml"}:
        return (Page(1, path.read_text(encoding="utf-8")),)
    return ()


def known(subject: Subject, *names: str) -> Subject:
    """The subject after these capabilities (and those they need) have looked at it."""
    for capability in in_order(names):
        subject = subject.with_finding(look(subject, capability, REGISTRY))
    return subject


@pytest.fixture
def of_text() -> MakeSubject:
    """Make a subject from pages of text, with what the named capabilities find already known."""

    def make(*pages: str, after: tuple[str, ...] = (), **fields: object) -> Subject:
        given: dict[str, object] = {"filename": "text.txt", "content_type": "text/plain", **fields}
        numbered = tuple(Page(number, text) for number, text in enumerate(pages, start=1))
        size = sum(len(page.encode()) for page in pages)
        subject = Subject(file_id="f-1", size_bytes=size, pages=numbered, **given)  # type: ignore[arg-type]
        return known(subject, *after)

    return make


@pytest.fixture
def of_sample() -> MakeSubject:
    """Make a subject from a file of `test_data`, with what the named capabilities find already known."""

    def make(name: str, *, after: tuple[str, ...] = (), properties: Mapping[str, object] | None = None) -> Subject:
        path = TEST_DATA / name
        content_type = {".eml": "message/rfc822", ".csv": "text/csv"}.get(
            path.suffix, mimetypes.guess_type(name)[0] or ""
        )
        picture = path if content_type.startswith("image/") else None
        subject = Subject(
            "f-1", name, content_type, path.stat().st_size, _pages_of(path), dict(properties or {}), picture
        )
        return known(subject, *after)

    return make
