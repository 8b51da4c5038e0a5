"""Texts without what people do not type: case, accents, forms of the same letter. For words and for the order of names."""

import unicodedata


def fold(text: str) -> str:
    """Case and accents away: `Café` and `CAFE` are the same word. Source: Unicode 3.13, compatibility caseless match."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in spread if not unicodedata.combining(char))
