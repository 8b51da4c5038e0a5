"""The filter of a reprocess: what fits, and that everything else is refused in words."""

import pytest

from filemill.chassis.jobs.errors import BadFilter
from filemill.processing.selection import LastRun, parse
from filemill.processing.steps import image_text

PICTURE = LastRun("image/png", "a.png", {"identify": 3, "image_probe": 1, "image_text": 1})
TEXT = LastRun("text/plain", "a.txt", {"identify": 1, "plain_text": 5})
NEVER = LastRun("image/jpeg", "a.jpg", None)


@pytest.mark.parametrize(
    ("where", "picture", "text", "never"),
    [
        ("image_text.version < 2", True, False, True),
        ("image_text.version < 1", False, False, True),
        ("image_text.version = 1", True, False, False),
        ("perceptual_hash.version < 1", True, False, True),
        ("plain_text.version<6", False, True, False),
        ("step.version < 2", True, True, True),
        (f"image_text.version < {image_text.VERSION}", True, False, True),
        ("image_text.version < current", True, False, True),
        ("identify.version = current", True, False, False),
        ("type = image/*", True, False, True),
        ("TYPE=text/plain", False, True, False),
        ("plan = picture", True, False, True),
        ("type = image/* AND identify.version = 3", True, False, False),
    ],
)
def test_filter_when_files_are_tested_then_those_fit(where: str, picture: bool, text: bool, never: bool) -> None:
    """A step of the plan that the last run did not have is version 0; a step of another plan says nothing."""
    test = parse(where)
    assert (test(PICTURE), test(TEXT), test(NEVER)) == (picture, text, never)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "not a part"),
        ("image_text.version > 2", "not a part"),
        ("image_text.version < two", "no version"),
        ("image_text.version < 99999999", "no version"),
        ("ocr.version < 2", "no step 'ocr'; there are archive_list"),
        ("type < image/png", "only `type =`"),
        ("type = png", "no type"),
        ("plan = video", "no plan 'video'; there are picture"),
        ("owner = ada", "only `type =`"),
        ("type = image/* or type = text/*", "not a part"),
        ("type = image/* and", "not a part"),
        ("step.version < 2; drop table jobs", "not a part"),
        ("x" * 501, "500 characters"),
    ],
)
def test_filter_when_it_is_something_else_then_it_is_refused_with_what_may_stand_there(where: str, said: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadFilter, match=said):
        parse(where)
