"""Text to the numbers a BERT-like model reads: the tokenizer that its `tokenizer.json` describes, as far as BERT needs it.

Ours because the library for it brings a client of a model hub, its transport and a downloader along; this is one algorithm, and
checked against that library (docs/decisions/0026). Other kinds of tokenizers raise `ValueError`: nothing is guessed.
Source: Devlin et al. 2018, "BERT", and google-research/bert `tokenization.py`.
"""

import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

CLS, SEP, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
WORDS_KEPT = 50_000
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF),
        (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip
_CONTROL = frozenset({"Cc", "Cf", "Co", "Cs"})
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPiece:
    """Encodes texts. `most_tokens` counts the two that stand around a text."""

    def __init__(self, described: dict[str, Any], most_tokens: int) -> None:
        model, normalizer = described["model"], described.get("normalizer") or {}
        if model.get("type") != "WordPiece" or normalizer.get("type") != "BertNormalizer":
            raise ValueError("only WordPiece tokenizers of BERT are known here")
        self._vocabulary: dict[str, int] = model["vocab"]
        self._lowercase = bool(normalizer.get("lowercase", True))
        accents = normalizer.get("strip_accents")
        self._strip_accents = self._lowercase if accents is None else bool(accents)
        self._chinese = bool(normalizer.get("handle_chinese_chars", True))
        self._prefix = model.get("continuing_subword_prefix", "##")
        self._longest = model.get("max_input_chars_per_word", 100)
        self._most = most_tokens - 2
        self._first, self._last, self._unknown = (self._vocabulary[name] for name in (CLS, SEP, UNKNOWN))
        self._pieces = lru_cache(maxsize=WORDS_KEPT)(self._split)

    @classmethod
    def read(cls, path: Path, most_tokens: int) -> "WordPiece":
        """Read a `tokenizer.json`. Raises `ValueError`, `KeyError`."""
        return cls(json.loads(path.read_text(encoding="utf-8")), most_tokens)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text, its end cut off where it is too long. No text makes this slow: a bounded part is read."""
        found: list[int] = []
        for word in self._words(text[: self._most * (self._longest + 1)]):
            found += self._pieces(word)
            if len(found) >= self._most:
                break
        return [self._first, *found[: self._most], self._last]

    def _words(self, text: str) -> list[str]:
        spaced = "".join(map(self._clean, text))
        if self._strip_accents:
            spaced = "".join(one for one in unicodedata.normalize("NFD", spaced) if unicodedata.category(one) != "Mn")
        if self._lowercase:
            spaced = "".join(map(str.lower, spaced))  # one by one: in a word Python gives the last sigma its other form
        return "".join(f" {one} " if _is_punctuation(one) else one for one in spaced).split()

    def _clean(self, one: str) -> str:
        if one in "\t\n\r":
            return " "
        if one in "\x00\ufffd" or unicodedata.category(one) in _CONTROL:
            return ""
        if one.isspace():
            return " "
        return f" {one} " if self._chinese and _is_cjk(ord(one)) else one

    def _split(self, word: str) -> tuple[int, ...]:
        """The longest known beginnings, one after another."""
        if len(word) > self._longest:
            return (self._unknown,)
        found, start = [], 0
        while start < len(word):
            lead = self._prefix if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if lead + word[start:end] in self._vocabulary), None)
            if end is None:
                return (self._unknown,)
            found.append(self._vocabulary[lead + word[start:end]])
            start = end
        return tuple(found)


def _is_cjk(point: int) -> bool:
    return any(low <= point <= high for low, high in _CJK)


def _is_punctuation(one: str) -> bool:
    return one in _ASCII_PUNCTUATION or (not one.isascii() and unicodedata.category(one).startswith("P"))
