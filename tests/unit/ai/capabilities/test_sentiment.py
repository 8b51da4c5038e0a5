"""Sentiment: clear reviews are told apart, matter-of-fact texts are neutral, other languages unsupported."""

import pytest

from filemill.ai.capabilities.sentiment import LOOK_AT_CHARACTERS, MAX_CONFIDENCE, judge_sentiment


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("review_positive.txt", "positive"),
        ("review_negative.txt", "negative"),
        ("notes.txt", "neutral"),
        ("invoice.pdf", "neutral"),
        ("mail.eml", "neutral"),
    ],
)
def test_sentiment_when_a_sample_is_judged_then_its_label_is_right(name: str, label: str, of_sample) -> None:
    """Reviews sound as they were written; notes, mails and invoices sound like nothing."""
    subject = of_sample(name, after=("language",))
    outcome = judge_sentiment(subject)
    assert outcome.result is not None
    assert outcome.result["label"] == label
    assert outcome.confidence is not None
    assert outcome.confidence <= MAX_CONFIDENCE
    texts = {page.number: page.text for page in subject.pages}
    assert all(texts[place.page][place.start : place.end] == place.text for place in outcome.evidence)
    assert bool(outcome.evidence) == (label != "neutral")


def test_sentiment_when_sentences_disagree_then_it_is_mixed(of_text) -> None:
    """Praise and complaint in equal parts are not averaged into "neutral"."""
    text = (
        "I love the wonderful handle of this kettle. The lid is awful and it broke at once. "
        "The colour is beautiful and makes me happy. The service was terrible and very rude."
    )
    outcome = judge_sentiment(of_text(text, after=("language",)))
    assert outcome.result is not None
    assert outcome.result["label"] == "mixed"


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("", "empty", "no-text"),
        ("Great!", "empty", "no-language"),
        ("Ce livre est magnifique et je le recommande à tous mes amis.", "unsupported", "language-not-supported"),
        ("The office accepts the letters that were sent in the spring from the other house.", "empty", "mood-unclear"),
        ("TOTAL AMOUNT OF THE GOODS IN THE SHOP: 12 34 56", "empty", "text-too-short"),
    ],
)
def test_sentiment_when_it_cannot_judge_then_it_says_why(text: str, state: str, code: str, of_text) -> None:
    """No text, no language, another language, no sentences: each has its own reason."""
    outcome = judge_sentiment(of_text(text, after=("language",)))
    assert outcome.state == state
    assert outcome.reason is not None
    assert outcome.reason.code == code


def test_sentiment_when_the_text_is_long_then_a_stated_part_is_read(of_text) -> None:
    """The cap is told."""
    outcome = judge_sentiment(of_text("This is a lovely kettle and I like it. " * 130_000, after=("language",)))
    assert outcome.looked_at_characters == LOOK_AT_CHARACTERS
