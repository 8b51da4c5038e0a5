"""What a script can tell of a language, and what it cannot: a check on the identifier for texts not in Latin letters.

The identifier knows many languages by their letters alone, and gives runes to Amharic. So: a language with a script of its
own must be written in it; and a language is sure only where words (or signs) that every text of it has are there.
"""

from collections.abc import Iterable

# Languages that are the only ones of their script that the identifier knows, by the first word of the letters' Unicode names.
_OWN_SCRIPT = {
    "am": "ETHIOPIC", "bn": "BENGALI", "as": "BENGALI", "dz": "TIBETAN", "bo": "TIBETAN", "el": "GREEK", "gu": "GUJARATI",
    "he": "HEBREW", "hy": "ARMENIAN", "ja": "CJK", "ka": "GEORGIAN", "km": "KHMER", "kn": "KANNADA", "ko": "HANGUL",
    "lo": "LAO", "ml": "MALAYALAM", "my": "MYANMAR", "or": "ORIYA", "pa": "GURMUKHI", "si": "SINHALA", "ta": "TAMIL",
    "te": "TELUGU", "th": "THAI", "zh": "CJK",
}  # fmt: skip
_SHARED_SCRIPTS = frozenset(
    {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "HEBREW", "GREEK", "CJK", "HANGUL", "BENGALI"}
)
_SIGNS = {"zh": "的一是不了在人有我他这中大来上国们", "ja": "のにはをがでとたしるいて", "ko": "이다는의을에가로고하지"}
_SIGN_SHARES = {"zh": 0.06, "ja": 0.25, "ko": 0.06}
_WORDS = {
    "ru": "и в не на что с он как это по но из за то для",
    "uk": "і в не на що з як це за до та у але для",
    "bg": "и в не на че с да се от за по са но като",
    "sr": "и у не на да је се са за од су као али",
    "ar": "في من على إلى أن ما لا هذا هذه كان عن مع التي الذي",
    "fa": "و در به از که این را با است برای آن های",
    "he": "של את על לא הוא זה עם כי גם אל היא או",
    "el": "και το να του η της με που την από για είναι",
    "hi": "के का की है में और को से पर यह ने हैं",
}
_FEW_WORDS = 60


def fits(language: str, script: str) -> bool:
    """Whether a text in this script can be in this language, as far as we know."""
    own = _OWN_SCRIPT.get(language)
    return script == own if own else script in _SHARED_SCRIPTS


def is_sure(language: str, script: str, words: Iterable[str]) -> bool:
    """Whether more than the letters speaks for the language: always asked of scripts that are not Latin."""
    if script == "LATIN":
        return True
    different = {word.casefold() for word in words}
    if language in _SIGNS:
        signs = "".join(different)
        return sum(sign in _SIGNS[language] for sign in signs) >= _SIGN_SHARES[language] * len(signs)
    known = len(different & set(_WORDS.get(language, "").split()))
    return known >= (3 if len(different) > _FEW_WORDS else 2)
