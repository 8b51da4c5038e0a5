"""What the outcomes of the steps together say of a file."""

import pytest

from filemill.contracts.processing import StepRecord
from filemill.processing import facts
from filemill.processing.content import Address
from filemill.processing.results_repository import StepOutcome


@pytest.mark.parametrize(
    ("step", "code", "detail"),
    [
        ("subtitles", "no-subtitles", "There are no subtitles in it."),
        ("image_text", "program-missing", "tesseract is not installed."),
        ("pdf", "needs-password", "The document is locked."),
    ],
)
def test_text_when_there_is_none_then_the_step_that_reads_words_says_why(step: str, code: str, detail: str) -> None:
    """Whatever ran after it and said something of its own."""
    spoke = StepRecord(name=step, version=1, state="skipped", code=code, detail=detail)
    later = StepRecord(name="loudness", version=1, state="skipped", code="no-sound", detail="There is no sound in it.")
    outcomes = [StepOutcome(Address(one.name, 1, "inputs", {}, ()), one, "video/mp4") for one in (spoke, later)]
    reason = facts.text_of(outcomes).reason
    assert reason is not None
    assert (reason.code, reason.detail) == (code, detail)
