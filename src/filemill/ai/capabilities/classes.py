"""Capability `classification`: what kind of document it is, suggested from its type, build and words.

Each cue gives hand-set points; a class's probability is its share of e^points, with `NONE_POINTS` for "none of
these". Basic on purpose: under `SURE_PROBABILITY` the class is only suggested, under `MIN_PROBABILITY` none is named.
The result says which cues spoke for it, and the alternatives.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import exp

from filemill.ai.capabilities import facts
from filemill.ai.capabilities.class_features import by_entities, by_lines, by_picture, by_type
from filemill.ai.capabilities.class_layout import by_layout, by_length
from filemill.ai.capabilities.class_points import Points
from filemill.ai.capabilities.class_words import TOP_CHARACTERS, WORD_CUES, WordCue
from filemill.ai.capabilities.picture import PictureError, measure
from filemill.ai.capabilities.results import Evidence, Outcome, empty
from filemill.ai.capabilities.subject import Subject

LOOK_AT_CHARACTERS = 50_000
FIRST_PAGES_CHARACTERS = 6_000  # where words and layout count: further on, a long text says something of everything
SURE_PROBABILITY = 0.8
MIN_PROBABILITY = 0.5  # more likely than not; one weak cue alone reaches 0.45
MAX_PROBABILITY = 0.97  # hand-set weights are never certain
NONE_POINTS = 2.0
LOOSE_POINTS = 3.0  # enough to suggest a class, by far not enough to be sure
ALTERNATIVES = 3
_IDLE_POINTS = 1.0
_IDLE_PROBABILITY = 0.01  # below these a class is not worth naming as an alternative


def classify(subject: Subject) -> Outcome:
    """Suggest a document class from the first 50,000 characters, the preview and the facts."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    matched = list(_matched_words(seen))
    points = [*_features(seen), *(_points_of(cue) for cue, _ in matched)]
    ranked = _probabilities(points)
    if not ranked or ranked[0][1] < MIN_PROBABILITY:
        return empty("no-class-fits", "Nothing in the file speaks clearly for one kind of document.", seen.characters)
    name, probability = ranked[0]
    others = [(other, share) for other, share in ranked[1:] if share >= _IDLE_PROBABILITY][:ALTERNATIVES]
    result = {
        "class": name,
        "probability": round(probability, 3),
        "suggested": probability < SURE_PROBABILITY,
        "sure_from": SURE_PROBABILITY,
        "alternatives": [{"class": other, "probability": round(share, 3)} for other, share in others],
        "because": [item.why for item in points if item.document_class == name and item.points > 0],
    }
    evidence = tuple(place for cue, place in matched if cue.document_class == name)
    return Outcome("done", result, probability, evidence, looked_at_characters=seen.characters)


def cues_of(subject: Subject) -> list[Points]:
    """Return every cue that fires, for measuring; `classify` weighs them."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    return [*_features(seen), *(_points_of(cue) for cue, _ in _matched_words(seen))]


def _features(subject: Subject) -> Iterator[Points]:
    yield from by_type(subject)
    yield from by_entities(subject)
    yield from by_lines(subject.text)
    if subject.text.strip():
        yield from by_layout(subject.text[:FIRST_PAGES_CHARACTERS])
    yield from by_length(subject.characters)
    if facts.is_picture(subject) and subject.preview is not None:
        try:
            yield from by_picture(subject, measure(subject.preview))
        except PictureError:  # the words and the type still speak; `barcodes` reports the unreadable preview
            return


def _matched_words(subject: Subject) -> Iterator[tuple[WordCue, Evidence]]:
    """Yield each word cue found, with the first place it was found at."""
    for cue in WORD_CUES:
        left = TOP_CHARACTERS if cue.where in {"top", "title"} else FIRST_PAGES_CHARACTERS
        for page in subject.pages:
            match = cue.pattern.search(page.text, 0, min(left, len(page.text)))
            if match and match.group().strip():
                lead = len(match.group()) - len(match.group().lstrip())
                text = match.group().strip()
                start = match.start() + lead
                yield cue, Evidence(page.number, start, start + len(text), text)
                break
            left -= len(page.text)
            if left <= 0:
                break


def _points_of(cue: WordCue) -> Points:
    return Points(cue.document_class, cue.points, cue.why, placed=cue.placed)


def _probabilities(points: Iterable[Points]) -> list[tuple[str, float]]:
    """Words that may stand anywhere count no more than what stands in its place, and `LOOSE_POINTS`: order matters."""
    sums: dict[str, float] = defaultdict(float)
    loose: dict[str, float] = defaultdict(float)
    for item in points:
        (sums if item.placed else loose)[item.document_class] += item.points
    for name, more in loose.items():
        sums[name] += min(more, LOOSE_POINTS + max(0.0, sums[name]))
    weights = {name: exp(min(total, 12.0)) for name, total in sums.items() if total >= _IDLE_POINTS}
    whole = sum(weights.values()) + exp(NONE_POINTS)
    shares = [(name, min(MAX_PROBABILITY, weight / whole)) for name, weight in weights.items()]
    return sorted(shares, key=lambda item: (-item[1], item[0]))
