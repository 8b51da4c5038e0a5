"""Language: right on short texts of several languages, silent on noise."""

import pytest

from filemill.ai.capabilities.language import LOOK_AT_CHARACTERS, detect_language

TEXTS = {
    "en": "The library will open its reading room again next Monday, and everybody is welcome.",
    "de": "Die Bibliothek öffnet den Lesesaal am kommenden Montag wieder, und alle sind willkommen.",
    "fr": "La bibliothèque rouvrira sa salle de lecture lundi prochain, et chacun est le bienvenu.",
    "es": "La biblioteca volverá a abrir su sala de lectura el próximo lunes, y todos son bienvenidos.",
    "zh": "图书馆将于下周一重新开放阅览室，欢迎大家前来。",
    "ja": "図書館は来週の月曜日に閲覧室を再開します。",
    "ru": "Библиотека снова откроет читальный зал в следующий понедельник, приглашаем всех.",
}


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_language_when_a_sentence_is_given_then_it_is_recognised(code: str, of_text) -> None:
    """One sentence is enough for the languages people use most."""
    outcome = detect_language(of_text(TEXTS[code]))
    assert outcome.state == "done"
    assert outcome.result is not None
    assert outcome.result["language"] == code
    assert outcome.confidence is not None
    assert 0.7 <= outcome.confidence <= 1.0


def test_language_when_candidates_are_given_then_their_probabilities_make_sense(of_text) -> None:
    """Probabilities are normalised: none above one, together at most one, best first."""
    outcome = detect_language(of_text(TEXTS["de"]))
    assert outcome.result is not None
    shares = [candidate["probability"] for candidate in outcome.result["candidates"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.0001


@pytest.mark.parametrize("text", ["", "   \n ", "ok", "INV-1234 4711 12.50", "https://a.example/very/long/path"])
def test_language_when_there_are_hardly_any_words_then_nothing_is_said(text: str, of_text) -> None:
    """Too little text is `empty` with the reason, not a guess."""
    outcome = detect_language(of_text(text))
    assert outcome.state == "empty"
    assert outcome.reason is not None
    assert outcome.reason.code == "text-too-short"


def test_language_when_the_text_is_long_then_only_its_beginning_is_read(of_text) -> None:
    """The cap is stated in the outcome."""
    outcome = detect_language(of_text(TEXTS["en"] * 1000))
    assert outcome.looked_at_characters == LOOK_AT_CHARACTERS
