"""Capability `language`: which language the text is written in, with probabilities.

Not for code or tables: text without words of a language gives `empty`. Below `MIN_LETTERS` letters the identifier
guesses, so nothing is said.
"""

import re
import unicodedata
from collections import Counter

from filemill.ai.capabilities.language_scripts import fits, is_sure
from filemill.ai.capabilities.results import Outcome, empty
from filemill.ai.capabilities.subject import Subject
from filemill.ai.models.runtimes import language_identifier

LOOK_AT_CHARACTERS = 20_000  # more does not change the answer; 2 ms
MIN_LETTERS = 20
MIN_IDEOGRAPHS = 4  # a Chinese or Japanese sign says about as much as a word
MIN_PROBABILITY = 0.7  # noise of lower-case letters reaches 0.66
SURE_PROBABILITY = 0.9  # below it the language is only suggested
MIN_SCRIPT_SHARE = 0.4  # of the letters must be of one script; two languages side by side still pass
SCRIPT_SAMPLE = 1_000  # letters on which the script is told
CANDIDATES = 3
IDLE_PROBABILITY = 0.005  # below it a language is no candidate
FILLER_WORDS = frozenset(
    {"lorem", "ipsum", "dolor", "amet", "consectetur", "consetetur", "adipiscing", "elitr", "aliqua"}
)
FILLER_SHARE = 0.1  # of the different words, and three of them: designers' filler, whatever language it looks like
NO_LANGUAGE = "zxx"  # ISO 639-2: no linguistic content

_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_CJK_NAMES = frozenset({"HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH"})
_DIGIT = re.compile(r"[0-9]")
_MARKS = re.compile(r"[^\w\s'’-]+")
_ADDRESS_SIGNS = frozenset("@/\\_")
# Close relatives that the identifier gives some of a text's probability to; with one of them on top it is that one.
_FOLDED = {"pcm": "en", "nb": "no", "nn": "no", "wuu": "zh", "yue": "zh"}
# Small neighbours that take some of a large language's share in texts of few words, such as invoices: lent to it where it
# is ahead. Where they are ahead themselves they stay what they are.
_LENT = {"lb": "de", "nds": "de", "oc": "fr", "wa": "fr", "ast": "es", "an": "es"}


def detect_language(subject: Subject) -> Outcome:
    """Say the language of the first 20,000 characters; confidence is its probability."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    words = _words(seen.text)
    looked_at = seen.characters
    if len(_LETTER.findall(words)) < MIN_LETTERS and len(_IDEOGRAPH.findall(words)) < MIN_IDEOGRAPHS:
        return empty(
            "text-too-short",
            f"There are fewer than {MIN_LETTERS} letters in words; numbers and addresses do not count.",
            looked_at,
        )
    if _is_filler(words):
        return empty("filler-text", "The text is filler (lorem ipsum), in no language.", looked_at)
    script, script_share = _main_script(words)
    if script_share < MIN_SCRIPT_SHARE:
        return empty("no-language", "The text mixes signs of many scripts.", looked_at)
    ranked = _folded(language_identifier().rank(words))
    code, probability = ranked[0]
    candidates = [
        {"language": name, "probability": round(share, 4)}
        for place, (name, share) in enumerate(ranked[:CANDIDATES])
        if place == 0 or share >= IDLE_PROBABILITY
    ]
    if code == NO_LANGUAGE:
        return empty("no-language", "The text does not look like any language: code, numbers or noise.", looked_at)
    if probability < MIN_PROBABILITY:
        return empty("language-uncertain", "No language is clearly more likely than the others.", looked_at)
    if not fits(code, script):
        return empty("script-unknown", "The text is in a script that no language we know is written in.", looked_at)
    sure = probability >= SURE_PROBABILITY and is_sure(code, script, words.split())
    result = {"language": code, "suggested": not sure, "candidates": candidates}
    return Outcome("done", result, confidence=probability, looked_at_characters=looked_at)


def _words(text: str) -> str:
    """The words without addresses, codes, numbers and marks, which say nothing of the language and mislead.

    Each word once: the identifier divides by the text's length but counts repetitions by their logarithm, so it grows
    unsure of a long text that repeats itself.
    """
    plain = (token for token in text.split() if _ADDRESS_SIGNS.isdisjoint(token) and not _DIGIT.search(token))
    return " ".join(dict.fromkeys(_MARKS.sub(" ", " ".join(plain)).split()))


def _is_filler(words: str) -> bool:
    different = {word.casefold() for word in words.split()}
    filler = len(different & FILLER_WORDS)
    return filler >= 3 and filler >= FILLER_SHARE * min(len(different), 60)


def _main_script(words: str) -> tuple[str, float]:
    """The script most letters are of, by their Unicode names, and its share; Chinese and Japanese signs are one."""
    names = (unicodedata.name(letter, "?").partition(" ")[0] for letter in _LETTER.findall(words)[:SCRIPT_SAMPLE])
    scripts = Counter("CJK" if name in _CJK_NAMES else name for name in names)
    name, count = scripts.most_common(1)[0] if scripts else ("?", 0)
    return name, count / max(1, scripts.total())


def _folded(ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
    shares: dict[str, float] = {}
    for code, probability in ranked:
        name = _FOLDED.get(code, code)
        shares[name] = shares.get(name, 0.0) + float(probability)
    ahead = max(shares, key=lambda name: shares[name])
    for name, lender in _LENT.items():
        if lender == ahead:
            shares[ahead] += shares.pop(name, 0.0)
    # Single-precision shares can add up to a hair more than 1.
    return sorted(((name, min(1.0, share)) for name, share in shares.items()), key=lambda item: item[1], reverse=True)
