"""Which types may be worth compressing, by name alone. The bytes have the last word (`compression`)."""

_BARE_PICTURES = frozenset(
    ["image/bmp", "image/tiff", "image/svg+xml", "image/vnd.adobe.photoshop", "image/vnd.microsoft.icon", "image/x-icon",
     "image/x-portable-anymap", "image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap"]
)  # fmt: skip
_BARE_SOUND = frozenset(["audio/aiff", "audio/basic", "audio/midi", "audio/wav", "audio/x-aiff", "audio/x-wav"])
_PACKED = frozenset(
    ["application/epub+zip", "application/gzip", "application/java-archive", "application/ogg", "application/vnd.rar",
     "application/x-7z-compressed", "application/x-bzip2", "application/x-rar-compressed", "application/x-xz",
     "application/x-zip-compressed", "application/zip", "application/zstd", "font/woff", "font/woff2"]
)  # fmt: skip
_ZIPPED_DOCUMENTS = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")


def may_compress(content_type: str) -> bool:
    """False for what is compressed by its own format."""
    kind = content_type.partition("/")[0]
    if kind == "image":
        return content_type in _BARE_PICTURES
    if kind == "audio":
        return content_type in _BARE_SOUND
    return kind != "video" and content_type not in _PACKED and not content_type.startswith(_ZIPPED_DOCUMENTS)
