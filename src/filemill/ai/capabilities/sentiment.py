"""Capability `sentiment`: how positive or negative an English text sounds, sentence by sentence, by a word list.

Basic: VADER knows words, negation and emphasis, not irony and not what a text is about. Only sentences with words are
scored (no tables, no addresses); other languages are `unsupported` and texts without sentences `empty`.
"""

import re
from dataclasses import dataclass

from filemill.ai.capabilities.results import Evidence, Outcome, empty, unsupported
from filemill.ai.capabilities.subject import Page, Subject
from filemill.ai.capabilities.words import sentences_of, words_of
from filemill.ai.models.runtimes import sentiment_lexicon

LOOK_AT_CHARACTERS = 50_000
MAX_SENTENCES = 400
SENTENCE_CHARACTERS = 1_000  # VADER's cost grows with the square of a sentence's words
MIN_WORDS = 8  # of all scored sentences together
MIN_SENTENCE_WORDS = 4
STRONG = 0.3  # a sentence counts as positive or negative from here (VADER's own limit for "some" is 0.05)
CLEAR = 0.35  # the mean from which the whole text does: matter-of-fact texts reach 0.3, reviews 0.5 and more
CLEAR_SHARE = 1 / 3  # of the sentences must agree
EVIDENCE = 5
MIN_CONFIDENCE = 0.2  # one lukewarm sentence is called neutral and agrees with nothing: then nothing is said
MAX_CONFIDENCE = 0.7  # right on 10 of 15 texts tried: no answer of a word list is surer than this

_WORD_SHARE = 0.75  # of the signs that are no space


@dataclass(frozen=True, slots=True)
class _Scored:
    page: Page
    start: int
    end: int
    compound: float


def judge_sentiment(subject: Subject) -> Outcome:
    """Score the sentences of the first 50,000 characters; confidence is how much they agree, at most 0.7."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    if not seen.text.strip():
        return empty("no-text", "There is no text to judge.", seen.characters)
    if subject.language is None:
        return empty("no-language", "The text is not in a language that was recognised.", seen.characters)
    if subject.language != "en":
        detail = f"The word list knows English only, and the text is in '{subject.language}'."
        return unsupported("language-not-supported", detail, seen.characters)
    scored = _scored(seen)
    if not scored or sum(len(words_of(item.page.text[item.start : item.end])) for item in scored) < MIN_WORDS:
        return empty("text-too-short", f"There are no sentences with {MIN_WORDS} words together.", seen.characters)
    mean = sum(item.compound for item in scored) / len(scored)
    positive = sum(item.compound >= STRONG for item in scored)
    negative = sum(item.compound <= -STRONG for item in scored)
    label = _label(mean, positive, negative, len(scored))
    confidence = _confidence(label, positive, negative, len(scored))
    if confidence < MIN_CONFIDENCE:
        return empty("mood-unclear", "The sentences do not speak clearly for one mood.", seen.characters)
    result = {
        "label": label,
        "score": round(mean, 3),
        "sentences": {"positive": positive, "negative": negative, "neutral": len(scored) - positive - negative},
    }
    return Outcome(
        "done",
        result,
        confidence=confidence,
        evidence=_evidence(scored, label),
        looked_at_characters=seen.characters,
    )


def _scored(subject: Subject) -> list[_Scored]:
    lexicon = sentiment_lexicon()
    scored: list[_Scored] = []
    for page in subject.pages:
        for start, end in sentences_of(page.text):
            sentence = page.text[start : min(end, start + SENTENCE_CHARACTERS)]
            if not _is_prose(sentence):
                continue
            compound = float(lexicon.polarity_scores(sentence)["compound"])
            scored.append(_Scored(page, start, start + len(sentence), compound))
            if len(scored) == MAX_SENTENCES:
                return scored
    return scored


def _is_prose(sentence: str) -> bool:
    """Enough words, mostly letters, and not in capitals throughout: not a row of a table or a heading."""
    words = words_of(sentence)
    solid = re.sub(r"\s", "", sentence)
    letters = sum(character.isalpha() for character in solid)
    lower = sum(word.text.islower() for word in words)
    return len(words) >= MIN_SENTENCE_WORDS and letters >= _WORD_SHARE * len(solid) and lower * 2 >= len(words)


def _label(mean: float, positive: int, negative: int, total: int) -> str:
    if min(positive, negative) * 4 >= total and abs(mean) < STRONG:
        return "mixed"
    agreeing = positive if mean > 0 else negative
    if abs(mean) < CLEAR or agreeing < CLEAR_SHARE * total:
        return "neutral"
    return "positive" if mean > 0 else "negative"


def _confidence(label: str, positive: int, negative: int, total: int) -> float:
    agreeing = {"positive": positive, "negative": negative, "neutral": total - positive - negative}
    return min(MAX_CONFIDENCE, agreeing.get(label, total // 2) / total)


def _evidence(scored: list[_Scored], label: str) -> tuple[Evidence, ...]:
    """The sentences that carry the label most; none for a neutral text."""
    if label == "neutral":
        return ()
    sign = -1.0 if label == "negative" else 1.0
    ranked = sorted(scored, key=lambda item: abs(item.compound) if label == "mixed" else sign * item.compound)
    telling = [item for item in reversed(ranked) if abs(item.compound) >= STRONG][:EVIDENCE]
    return tuple(
        Evidence(item.page.number, item.start, item.end, item.page.text[item.start : item.end]) for item in telling
    )
