"""Which language a document is in: what ai found, else what its function words say, else nobody knows.

A document that nobody knows the language of has few words (a picture's name, a note): those are stemmed in the usual
languages, so that `invoices` still finds `invoice 12.png`. On failure: none; a wrong language costs other forms of a word, and
never the word itself, which is indexed as it stands.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from filemill.metadata.folding import fold

LOOK_AT_WORDS = 300
LEAST_HITS = 3
"""So many function words, and a third more than of the next language: else it is a guess."""
AHEAD = 1.3
USUAL = ("en", "de", "fr", "es", "it")
"""For words of no known language."""

_FUNCTION_WORDS = {
    "en": "the of and to in is are was were that this with for by from which have has not you we they at on be it as or an a",
    "de": "der die das und ist sind war von mit fur nicht ein eine einen dem den des auf zu im in wir sie bei aus sich wird"
    " uber am an auch nach bis oder zum zur durch ihnen unser unsere",
    "fr": "le la les de des du et est sont un une dans pour par sur que qui nous vous il elle au aux ce cette en avec ne pas"
    " ou se son sa ses",
    "es": "el la los las de del y es son un una en para por con que se no su al lo como mas pero o este esta",
    "it": "il lo la gli le di del della e un una in per con che non si da al nel sono come piu o questo questa",
    "pt": "o a os as de do da dos das e um uma em para por com que nao se no na ao mais ou este esta",
    "nl": "de het een en van in is zijn dat die met voor niet op te aan er ook als bij of naar wij u onze",
    "sv": "och att det som en ett ar av for med den pa inte till har de om vi ni fran eller",
    "pl": "i w na z do nie to jest sie ze o za od po przez dla oraz jak tego",
}
_WORDS: Mapping[str, frozenset[str]] = {language: frozenset(text.split()) for language, text in _FUNCTION_WORDS.items()}
FUNCTION_WORDS: frozenset[str] = frozenset().union(*_WORDS.values())
"""Of any of these languages, folded: they say what language a text is in, and little else."""


def languages_of(findings: Iterable[Mapping[str, Any]], words: Sequence[str]) -> tuple[str, ...]:
    """The languages to stem a document in; several only where nobody knows which."""
    for finding in findings:
        if finding.get("capability") == "language" and finding.get("state") == "done":
            return (str((finding.get("result") or {}).get("language", ""))[:8],)
    guessed = guess(words)
    return (guessed,) if guessed else USUAL


def guess(words: Sequence[str]) -> str | None:
    """The language whose function words these folded words hold most of, if that is clear."""
    seen = Counter(words[:LOOK_AT_WORDS])
    hits = sorted(
        ((sum(seen[word] for word in known if word in seen), language) for language, known in _WORDS.items()),
        reverse=True,
    )
    (best, language), (second, _) = hits[:2]
    return language if best >= LEAST_HITS and best >= AHEAD * second else None


def is_function_word(word: str) -> bool:
    """Whether a query loses little without it."""
    return fold(word) in FUNCTION_WORDS
