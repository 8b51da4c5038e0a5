"""Keywords: what a text turns around comes first, form words and addresses never."""

import pytest

from filemill.ai.capabilities.keywords import LOOK_AT_CHARACTERS, MAX_KEYWORDS, find_keywords


def words(outcome) -> list[str]:
    """The keywords without case, best first."""
    return [word["text"].lower() for word in outcome.result["keywords"]] if outcome.result else []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes.txt", {"irrigation controller", "soil moisture", "seedlings"}),
        ("letter.docx", {"reading room", "lindenhof", "archive"}),
        ("invoice.pdf", {"hollow oak instruments"}),
        ("review_positive.txt", {"kettle"}),
    ],
)
def test_keywords_when_a_sample_is_read_then_its_topics_are_there(name: str, expected: set[str], of_sample) -> None:
    """The phrases a person would underline are among the keywords."""
    subject = of_sample(name, after=("language",))
    outcome = find_keywords(subject)
    assert expected <= set(words(outcome))
    assert len(words(outcome)) <= MAX_KEYWORDS
    texts = {page.number: page.text for page in subject.pages}
    assert all(texts[place.page][place.start : place.end] == place.text for place in outcome.evidence)


def test_keywords_when_there_are_addresses_and_form_words_then_they_are_left_out(of_sample) -> None:
    """What every invoice prints says nothing about this one."""
    found = words(find_keywords(of_sample("invoice.pdf", after=("language",))))
    assert not {"invoice", "eur", "total", "vat", "hollow-oak", "example", "gmbh"} & set(found)


def test_keywords_when_a_phrase_and_its_words_repeat_then_only_one_is_kept(of_text) -> None:
    """A phrase swallows the words that occur mostly inside it."""
    text = "The heat pump is old. A heat pump needs care. We clean the heat pump each spring, and oil its motor gently."
    assert words(find_keywords(of_text(text, after=("language",)))) == ["heat pump"]


def test_keywords_when_the_text_is_chinese_then_repeated_terms_are_found(of_text) -> None:
    """Chinese has no spaces: repeated runs of signs are counted."""
    text = (
        "人工智能正在改变世界。许多公司使用人工智能处理文件。文件平台可以自动识别发票。文件平台也支持搜索发票和合同。"
    )
    assert {"人工智能", "文件平台", "发票"} <= set(words(find_keywords(of_text(text, after=("language",)))))


def test_keywords_when_the_language_has_no_stop_words_then_it_is_unsupported(of_text) -> None:
    """A language without a list is named, not guessed at."""
    text = "Библиотека снова откроет читальный зал в следующий понедельник, приглашаем всех читателей."
    outcome = find_keywords(of_text(text, after=("language",)))
    assert outcome.state == "unsupported"
    assert outcome.reason is not None
    assert outcome.reason.code == "language-not-supported"


def test_keywords_when_there_is_no_text_or_it_is_long_then_the_state_and_the_cap_are_told(of_text) -> None:
    """Nothing gives `empty`; five megabytes are read in a stated part."""
    assert find_keywords(of_text("")).state == "empty"
    long = find_keywords(of_text("The heat pump is old and the garden wall is new. " * 105_000, after=("language",)))
    assert long.looked_at_characters == LOOK_AT_CHARACTERS
    assert "heat pump" in words(long)
