"""A table in text form: its columns, its delimiter, how many rows, and the table as Markdown.

On failure: None; a table we cannot take apart is still text.
"""

import csv
import io
from dataclasses import dataclass
from typing import Any

from filemill.processing.steps.text_pages import TEXT_MAX_CHARACTERS

_SNIFFED_CHARACTERS = 8192
_COLUMNS_NAMED_MAX = 50
_NAME_MAX_CHARACTERS = 100
# Wider than this it is data for a program; Markdown of it helps nobody.
_COLUMNS_SHOWN_MAX = 200
_WORD_OF = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class Table:
    """What is known of a table; `row_count` is without the header."""

    properties: dict[str, Any]
    markdown: str


def read(text: str, delimiters: str, *, complete: bool) -> Table | None:
    """Return the table of a text; rows are counted only where the text is `complete`."""
    head = text[:_SNIFFED_CHARACTERS]
    if len(text) > len(head):
        head = head.rsplit("\n", 1)[0]
    rows: list[list[str]] = []
    try:
        dialect = csv.Sniffer().sniff(head, delimiters=delimiters)
        for row in csv.reader(io.StringIO(text, newline=""), dialect):
            if row:
                rows.append(row)
    except csv.Error:
        return None
    if not rows or len(rows[0]) < 2:
        return None
    columns = [name.strip()[:_NAME_MAX_CHARACTERS] for name in rows[0][:_COLUMNS_NAMED_MAX]]
    properties: dict[str, Any] = {
        "column_count": len(rows[0]),
        "columns": columns,
        "delimiter": _WORD_OF.get(dialect.delimiter, dialect.delimiter),
    }
    if complete:
        properties["row_count"] = len(rows) - 1
    return Table(properties, _markdown(rows) if len(rows[0]) <= _COLUMNS_SHOWN_MAX else "")


def _markdown(rows: list[list[str]]) -> str:
    width = len(rows[0])
    lines: list[str] = []
    left = TEXT_MAX_CHARACTERS
    for number, row in enumerate(rows):
        cells = [_cell(value) for value in row[:width]] + [""] * (width - len(row))
        line = f"| {' | '.join(cells)} |"
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
        if number == 0:
            lines.append("|" + " --- |" * width)
    return "\n".join(lines)


def _cell(value: str) -> str:
    return " ".join(value.split()).replace("\\", "\\\\").replace("|", "\\|")
