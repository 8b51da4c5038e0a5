"""English names for content types, languages and counts, for composed descriptions. Words only."""

TYPE_NAMES = {
    "application/pdf": "PDF document",
    "application/msword": "Word document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.oasis.opendocument.text": "OpenDocument text",
    "application/rtf": "RTF document",
    "application/vnd.ms-excel": "Excel workbook",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument spreadsheet",
    "application/vnd.ms-powerpoint": "PowerPoint presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint presentation",
    "application/vnd.oasis.opendocument.presentation": "OpenDocument presentation",
    "application/epub+zip": "EPUB book",
    "application/zip": "ZIP archive",
    "application/json": "JSON file",
    "application/xml": "XML file",
    "message/rfc822": "mail message",
    "application/vnd.ms-outlook": "Outlook message",
    "text/plain": "text file",
    "text/csv": "CSV table",
    "text/html": "web page",
    "text/markdown": "Markdown text",
    "image/jpeg": "JPEG picture",
    "image/png": "PNG picture",
    "image/gif": "GIF picture",
    "image/webp": "WebP picture",
    "image/avif": "AVIF picture",
    "image/heic": "HEIC picture",
    "image/tiff": "TIFF picture",
    "image/bmp": "BMP picture",
    "image/jp2": "JPEG 2000 picture",
    "image/jxl": "JPEG XL picture",
    "image/vnd.adobe.photoshop": "Photoshop picture",
    "image/x-portable-pixmap": "PPM picture",
    "image/x-portable-graymap": "PGM picture",
    "image/x-portable-bitmap": "PBM picture",
    "application/octet-stream": "file of an unknown type",
    "text/x-log": "log file",
    "application/gzip": "gzip archive",
    "application/x-tar": "tar archive",
    "application/x-7z-compressed": "7z archive",
    "image/svg+xml": "SVG drawing",
    "audio/wav": "WAV recording",
    "audio/x-wav": "WAV recording",
    "audio/mpeg": "MP3 recording",
    "audio/mp4": "MPEG-4 recording",
    "audio/flac": "FLAC recording",
    "video/mp4": "MP4 video",
    "video/quicktime": "QuickTime video",
    "video/webm": "WebM video",
}
FAMILY_NAMES = {"image": "picture", "audio": "sound recording", "video": "video", "text": "text file"}

CLASS_NAMES = {
    "source-code": "program source",
    "graphic": "drawing or graphic",
    "scan": "scanned or photographed page",
    "barcode": "picture of a barcode",
    "notes": "set of notes",
    "booking": "booking or order",
    "estimate": "cost estimate",
    "licence": "software licence",
}

LANGUAGE_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "la": "Latin",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

# What several "pages" of a type are called.
_PARTS = {"ms-excel": "sheets", "spreadsheet": "sheets", "ms-powerpoint": "slides", "presentation": "slides"}
_ARCHIVES = frozenset(
    name for name in TYPE_NAMES if name.startswith("application/") and TYPE_NAMES[name].endswith("archive")
)

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def type_name(content_type: str) -> str:
    """Name a content type as people do; an unknown one by its family, else as a file of that type."""
    family = content_type.partition("/")[0]
    return TYPE_NAMES.get(content_type) or FAMILY_NAMES.get(family) or f"file of type {content_type or 'unknown'}"


def parts_of(content_type: str) -> str:
    """Name what a file of this type has several of: pages, sheets, slides, or the entries of an archive."""
    if content_type in _ARCHIVES:
        return "entries"
    return next((name for mark, name in _PARTS.items() if mark in content_type), "pages")


def with_article(noun: str) -> str:
    """Put "a" or "an" before a noun, by its sound as far as the first letters tell."""
    vowel = noun[:1].lower() in "aeio" or noun.startswith(("RTF", "XML", "MP3", "MP4", "MPEG", "SVG"))
    return f"{'an' if vowel else 'a'} {noun}"


def count_of(number: int) -> str:
    """Write small numbers as words."""
    return _SMALL[number] if number < len(_SMALL) else f"{number:,}"


def size_of(size_bytes: int) -> str:
    """Write a size with the unit that fits, thousands of bytes to a kilobyte."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size_bytes >= factor:
            return (
                f"{size_bytes / factor:.3g} {unit}" if size_bytes < 999.5 * factor else f"{size_bytes // factor} {unit}"
            )
    return f"{size_bytes} bytes"


def day_of(iso: str) -> str:
    """Write 2025-06-14 as 14 June 2025; a date that does not exist stays as it is."""
    year, month, day = iso.split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}" if 1 <= int(month) <= 12 else iso


def listed(items: list[str]) -> str:
    """Join words: "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
