"""E-mail addresses and web addresses, by shape; nothing is looked up or opened."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from filemill.ai.capabilities.entities.finding import Finding

# RFC 5321 4.5.3.1: local part <= 64, domain <= 255; quantifiers are bounded so that no text makes them slow.
_EMAIL = re.compile(
    r"(?<![\w.%+-])[a-z0-9](?:[\w.%+'-]{0,62}[\w%+-])?@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})(?![\w@]|-\w|\.\w)",
    re.IGNORECASE | re.ASCII,
)
_URL = re.compile(r"(?<![\w@])(?:https?://|ftp://|www\.)[^\s<>\"'`{}|\\^\[\]]{3,2000}", re.IGNORECASE)
_HOST = re.compile(r"^(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$|^localhost$|^\[[0-9a-f:]+\]$", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"\b(?:message-id|in-reply-to|references|content-id):\s?<$", re.IGNORECASE)
_TRAILING = ".,;:!?*_"  # punctuation of the sentence, not of the address


def find_emails(text: str) -> Iterator[Finding]:
    """Yield e-mail addresses; `value` has the domain in lower case."""
    for match in _EMAIL.finditer(text):
        local, _, domain = match.group().rpartition("@")
        if ".." not in local and not _MESSAGE_ID.search(text, max(0, match.start() - 20), match.start()):
            yield Finding.at("email", f"{local}@{domain.lower()}", text, match.span(), 0.98)


def find_urls(text: str) -> Iterator[Finding]:
    """Yield web addresses with a plausible host; `value` has the scheme (https for a bare `www.`)."""
    for match in _URL.finditer(text):
        address = _without_sentence_end(match.group())
        value = address if "://" in address else f"https://{address}"
        try:
            host = urlsplit(value).hostname
        except ValueError:  # e.g. an unclosed IPv6 bracket: not an address
            continue
        if host and _HOST.match(host):
            yield Finding.at("url", value, text, (match.start(), match.start() + len(address)), 0.97)


def _without_sentence_end(address: str) -> str:
    while address:
        if address[-1] in _TRAILING or (address[-1] == ")" and address.count("(") < address.count(")")):
            address = address[:-1]
        else:
            break
    return address
