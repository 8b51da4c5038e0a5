"""A document as Markdown: its headings, lists and tables, with kreuzberg.

Pictures are named, never embedded or fetched. Not for: the words to search (document_text.py). On failure: empty; the
words are there without it.
"""

import re
from pathlib import Path
from typing import Any

from filemill.processing.steps import extraction, markup, plain_text, text_pages

_HTML = "text/html"
_BESIDE = "## Beside the text"
_HTML_MAX_BYTES = 20 << 20
# A picture in the text itself (`data:` addresses) is no text.
_EMBEDDED = re.compile(r"\]\(data:[^)\s]*")


def config(output_format: str) -> Any:
    """Return kreuzberg's settings: nothing cached, one thread, no archive inside the document is opened."""
    import kreuzberg

    settings = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format=output_format,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    # Not among the constructor's arguments. An attachment is a file of its own; unpacking archives inside archives is
    # how bombs work, and pictures are image_text's.
    settings.max_archive_depth = 0
    return settings


def read(source: Path, kind: str) -> str:
    """Return the Markdown of a document of a type that kreuzberg knows, empty when it gives none."""
    try:
        extracted = extraction.extract(_body(source) if kind == _HTML else source, kind, config("markdown"))
    except extraction.NotExtracted:
        return ""  # the plain words were read: a document that only lacks its structure is not a failure
    return text_pages.clean(_EMBEDDED.sub("](", extracted.content))[: text_pages.TEXT_MAX_CHARACTERS]


def with_beside(markdown: str, beside: dict[int, str]) -> str:
    """Return Markdown with the words that stand beside the text at its end: by slide, or (0) of the whole document."""
    sections = []
    for number, words in sorted(beside.items()):
        fresh = [line for line in words.split("\n") if line not in markdown]
        heading = f"{_BESIDE}, slide {number}" if number else _BESIDE
        if fresh:
            sections.append("\n".join([heading, "", *[f"- {line}" for line in fresh]]))
    return "\n\n".join([markdown, *sections]).strip()[: text_pages.TEXT_MAX_CHARACTERS]


def _body(source: Path) -> bytes:
    """Return an HTML document without its head, in UTF-8: kreuzberg writes the head out as text."""
    with source.open("rb") as file:
        content = file.read(_HTML_MAX_BYTES)
    charset = markup.html_charset(content) or plain_text.detect_charset(content) or "utf-8"
    try:
        text = content.decode(charset, "replace")
    except LookupError:  # the document names a charset nobody knows
        text = content.decode("utf-8", "replace")
    body = re.search(r"<body[\s>]|</head\s*>", text, re.IGNORECASE)
    return (text[body.start() :] if body else text).encode("utf-8", "replace")
