"""Stems: what the forms of a word have in common, by the Snowball rules of its language, on words that are folded already.

Folding comes first (`words`), so `fenetres`, `fenêtre` and `FENÊTRES` have one stem; the rules lose a little by it where an
accent decides (French participles), and a search typed without accents finds the same, which is worth more.
Source: https://snowballstem.org, pure Python, the same answer on every machine.
"""

from collections.abc import Iterable
from functools import lru_cache

ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hu": "hungarian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""ISO 639-1 to Snowball's name. A language that is not here has no stems; its words are found as they stand."""
BEGINS_ANEW = frozenset({"ar", "el", "ga", "id", "nl", "tr"})
"""Where a stem may begin with another letter than its word: prefixes are taken off, or the first letter changes."""
SHORTEST = 3
"""Below so many characters a word has no ending to lose."""


def stems(word: str, languages: Iterable[str]) -> set[str]:
    """The stems of a word in these languages, itself among them where it is its own. Words with digits have none."""
    return {found for found in (stem(word, language) for language in languages) if found}


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str | None:
    """The stem of a folded word; None where there are no rules for it."""
    if len(word) < SHORTEST or not word.isalpha():
        return None
    rules = _rules(language)
    return rules.stemWord(word) or None if rules else None


@lru_cache(maxsize=len(ALGORITHMS))
def _rules(language: str):  # type: ignore[no-untyped-def]  # the library has no types
    name = ALGORITHMS.get(language)
    if name is None:
        return None
    import snowballstemmer  # 40 ms that a start need not wait for

    return snowballstemmer.stemmer(name)
