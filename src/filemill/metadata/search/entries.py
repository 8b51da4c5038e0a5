"""A document as the index sees it: words per field, the marks it is filtered by, stems and impacts.

Depends on the document and its text alone, so a rebuild gives the same entry, on every engine.
"""

from sqlalchemy import RowMapping

from filemill.metadata.search.impacts import weigh
from filemill.metadata.search.languages import languages_of
from filemill.metadata.search.text_index import IndexEntry
from filemill.metadata.search.words import words


def entry_of(row: RowMapping, text: str) -> IndexEntry:
    """The entry of a document with this text."""
    fields = fields_of(row, text)
    spoken = languages_of(
        row["findings"], [word for name in ("title", "text", "findings", "name") for word in fields[name]]
    )
    weighed = weigh(fields, spoken)
    return IndexEntry(
        doc_id=row["doc_id"],
        fields=fields,
        owner_id=row["owner_id"],
        kinds=kinds_of(row["content_type"]),
        tags=tuple(row["tags"]),
        status=row["status"],
        stems=tuple(weighed.stems),
        about=tuple(weighed.about),
        impacts=weighed.impacts,
        languages=spoken,
    )


def fields_of(row: RowMapping, text: str) -> dict[str, list[str]]:
    """The words of each field."""
    custom = " ".join(str(value) for value in row["custom"].values() if isinstance(value, str | int | float))
    return {
        "name": words(row["filename"]),
        "title": words(f"{row['title'] or ''} {row['description'] or ''} {custom} {row['external_id'] or ''}"),
        "tags": words(" ".join(row["tags"])),
        "text": words(text),
        "findings": words(" ".join(findings_words(row["findings"]))),
    }


def findings_words(findings: list[dict[str, object]]) -> list[str]:
    """The texts in findings: every string below `result`."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value[:200]:
                collect(inner)

    for finding in findings:
        if finding.get("state") == "done":
            collect(finding.get("result"))
    return found


_FAMILIES = {
    "application/pdf": "pdf", "text/csv": "table", "text/tab-separated-values": "table", "text/html": "web page",
    "message/rfc822": "mail", "application/vnd.ms-outlook": "mail", "application/zip": "archive",
    "application/x-tar": "archive", "application/x-7z-compressed": "archive", "application/gzip": "archive",
    "application/msword": "document", "application/rtf": "document", "application/epub+zip": "document",
    "application/vnd.ms-excel": "table", "application/vnd.ms-powerpoint": "slides",
}  # fmt: skip
_PARTS = (("wordprocessingml", "document"), ("opendocument.text", "document"), ("spreadsheet", "table"),
          ("presentation", "slides"))  # fmt: skip


def kinds_of(content_type: str) -> tuple[str, ...]:
    """What `type=` finds a file by: its family (`image`, `pdf`, `table`…), its subtype, and its full type."""
    major, _, minor = content_type.partition("/")
    family = _FAMILIES.get(content_type) or next((kind for part, kind in _PARTS if part in content_type), None)
    if family is None:
        family = major if major in ("image", "audio", "video", "text") else "other"
    return tuple(dict.fromkeys((family, minor, content_type)))
