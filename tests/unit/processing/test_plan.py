"""Which plan a type gets."""

import pytest

from filemill.processing.plan import PLANS, facts_of, plan_for
from filemill.processing.steps import identify, programs
from filemill.processing.steps.options import Options


@pytest.mark.parametrize(
    ("content_type", "plan"),
    [
        ("image/jpeg", "picture"),
        ("IMAGE/PNG; x=y", "picture"),
        ("image/svg+xml", "drawing"),
        ("application/pdf", "pdf"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "office"),
        ("application/vnd.oasis.opendocument.spreadsheet", "office"),
        ("message/rfc822", "document"),
        ("text/html", "document"),
        ("text/x-python", "text"),
        ("application/json", "text"),
        ("application/zip", "archive"),
        ("audio/mpeg", "media"),
        ("video/mp4", "media"),
        ("application/octet-stream", "other"),
        ("", "other"),
    ],
)
def test_plan_when_asked_for_a_type_then_the_right_one_comes(content_type: str, plan: str) -> None:
    """Every family of types has a plan, and what is unknown has one too."""
    assert plan_for(content_type, "a").name == plan


def test_plans_when_listed_then_each_is_named_explained_and_identifies_first() -> None:
    """Plans can be shown to people."""
    assert len({plan.name for plan in PLANS}) == len(PLANS)
    for plan in PLANS:
        assert plan.why
        assert plan.steps[0] is identify


def test_programs_when_inspected_then_each_says_what_it_is_for() -> None:
    """`filemill doctor` can tell what is missing and how to get it."""
    for status in programs.inspect():
        assert status.used_for
        assert status.install_hint
        assert status.found == (programs.find(status.name) is not None)


def test_facts_when_shown_then_each_step_says_what_it_is_for() -> None:
    """People read these: a sentence each, no markup, the programs that are missing by name."""
    for plan in PLANS:
        for step in facts_of(plan, Options()):
            assert 15 < len(step.purpose) < 200, step.name
            assert not step.purpose.startswith("Step")


def test_facts_when_a_program_is_missing_then_the_step_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg the clip is not made, and that is told before a file comes."""
    monkeypatch.setattr(programs, "find", lambda name: None if name == "ffmpeg" else f"/usr/bin/{name}")
    steps = {step.name: step for step in facts_of(plan_for("video/mp4", "a.mp4"), Options())}
    assert steps["video_preview"].missing == ("ffmpeg",)
    assert steps["audio_video_probe"].missing == ()


@pytest.mark.parametrize(
    ("installed", "setting", "engine", "missing"),
    [
        ({"tesseract", "rapidocr"}, "auto", "tesseract", ()),
        ({"rapidocr"}, "auto", "rapidocr", ()),
        ({"tesseract", "rapidocr"}, "rapidocr", "rapidocr", ()),
        ({"rapidocr"}, "tesseract", None, ("tesseract",)),
        (set(), "auto", None, ("tesseract", "rapidocr")),
        (set(), "off", "off", ()),
    ],
)
def test_facts_when_one_of_two_engines_reads_then_they_say_which(
    monkeypatch: pytest.MonkeyPatch, installed: set[str], setting: str, engine: str | None, missing: tuple[str, ...]
) -> None:
    """tesseract where it is installed, else rapidocr; a setting that cannot be met names what is missing."""
    monkeypatch.setattr(programs, "find", lambda name: name if name in installed else None)
    steps = {step.name: step for step in facts_of(plan_for("image/png", "a.png"), Options(ocr_engine=setting))}
    assert (steps["image_text"].engine, steps["image_text"].missing) == (engine, missing)
