"""The loaded models of this process: the language identifier and the sentiment lexicon, each read once, on first use.

The only place that imports their libraries. Not for the registry's states and not for downloads. `capabilities.warm`
calls them before the sandbox forks (0.5 s and about 60 MB for the language model), so that a child need not read them.
Loading is deterministic and needs no network; a broken installation raises the library's own error.
"""

import os
from functools import cache
from typing import Any


@cache
def language_identifier() -> Any:
    """Return py3langid's identifier with probabilities that sum to 1 (`rank(text) -> [(code, probability)]`)."""
    # numpy's OpenBLAS starts a thread per core when it is imported, and who forks (the sandbox) must have only one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def sentiment_lexicon() -> Any:
    """Return VADER's analyser (`polarity_scores(sentence) -> {"compound": -1..1, ...}`); English only."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
