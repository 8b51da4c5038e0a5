"""The loaded models of this process: the language identifier and the sentiment lexicon, each read once, on first use.

The only place that imports their libraries. Not for the registry's states and not for downloads. `preload` reads them
before the sandbox forks (0.5 s and about 60 MB for the language model), so that a child does not read them again.
Loading is deterministic and needs no network; a broken installation raises the library's own error.
"""

from functools import cache
from typing import Any


@cache
def language_identifier() -> Any:
    """Return py3langid's identifier with probabilities that sum to 1 (`rank(text) -> [(code, probability)]`)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def sentiment_lexicon() -> Any:
    """Return VADER's analyser (`polarity_scores(sentence) -> {"compound": -1..1, ...}`); English only."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def preload() -> None:
    """Load every model that works without a download."""
    language_identifier()
    sentiment_lexicon()
