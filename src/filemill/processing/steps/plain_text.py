"""Step: the words of plain text: any charset, bounded size. For txt, csv, json, source code, logs.

Not for: markup (document_text.py reads those). On failure: `unsupported` with `not-text` for a file that is no text
after all.
"""

import codecs

from filemill.processing.steps import csv_table, text_kinds, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "plain_text"
VERSION = 2

# Four bytes for each character we keep, the most UTF-8 and UTF-16 need.
_READ_MAX_BYTES = 4 * text_pages.TEXT_MAX_CHARACTERS
_DETECT_BYTES = 256 * 1024
_DELIMITERS = {"text/csv": ",;\t|", "text/tab-separated-values": "\t"}
# Kana, the common Chinese characters, Hangul.
_COMMON_CJK = (("\u3040", "\u30ff"), ("\u4e00", "\u9fa5"), ("\uac00", "\ud7a3"))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def run(context: StepContext) -> StepEnd:
    """Set the one page, the charset and, for tables, their columns."""
    with context.source.open("rb") as file:
        content = file.read(_READ_MAX_BYTES + 1)
    charset = detect_charset(content)
    if charset is None:
        return StepEnd("unsupported", "not-text", "The file is not text: it has bytes that no text has.")
    text = text_pages.clean(content[:_READ_MAX_BYTES].decode(charset, "replace"))
    pages, cut = text_pages.bounded([text_pages.Page(1, text)])
    context.properties["charset"] = charset
    cut = cut or len(content) > _READ_MAX_BYTES
    if cut:
        context.properties["text_truncated"] = True
    else:
        context.properties["line_count"] = text.count("\n") + 1 if text else 0
    if context.content_type in _DELIMITERS:
        table = csv_table.read(pages[0].text, _DELIMITERS[context.content_type], complete=not cut)
        if table is not None:
            context.properties.update(table.properties)
            context.markdown = table.markdown
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return StepEnd("empty", "no-text", "The file has no letters or digits.")
    context.pages, context.text_state = pages, "found"
    return DONE


def detect_charset(content: bytes) -> str | None:
    """Return the charset of text, None when it is no text."""
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return charset
    head = content[:_DETECT_BYTES]
    wide = text_kinds.wide_charset(head)
    if wide:
        return wide
    if _is_utf8(head, complete=len(content) <= _DETECT_BYTES):
        return "utf-8" if text_kinds.looks_like_text(head) or not head else None
    if not text_kinds.looks_like_text(head):
        return None
    return _guess(head)


def _is_utf8(head: bytes, *, complete: bool) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head, final=complete)
    except UnicodeDecodeError:
        return False
    return True


def _guess(head: bytes) -> str:
    """Return the likeliest of the old charsets: those with two-byte letters only fit their own texts, cp1252 fits
    most."""
    for charset in ("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"):
        try:
            text = head.decode(charset)
        except UnicodeDecodeError:
            continue
        letters = [character for character in text if ord(character) > 127]
        # Western text read as CJK gives lone rare characters; real CJK text is mostly common ones in runs.
        common = sum(1 for letter in letters if any(first <= letter <= last for first, last in _COMMON_CJK))
        if letters and len(letters) > len(text) * 0.3 and common > len(letters) * 0.7:
            return charset
    cyrillic = head.decode("cp1251", "replace")
    high = [character for character in cyrillic if ord(character) > 127]
    if high and sum("\u0400" <= c <= "\u04ff" for c in high) > len(high) * 0.9 and len(high) > len(cyrillic) * 0.3:
        return "cp1251"
    return "cp1252"
