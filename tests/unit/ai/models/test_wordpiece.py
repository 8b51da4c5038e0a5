"""Text to numbers as BERT's own tokenizer does it; docs/decisions/0026 says against what that was checked."""

import pytest

from filemill.ai.models.wordpiece import WordPiece
from support import tiny_models

VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "un",
    "##aff",
    "##able",
    "cafe",
    "中",
    "文",
    "!",
    "runs",
    "σ",
    "[",
    "]",
    "cl",
    "##s",
]


def pieces(text: str, *, most: int = 64, **normalizer: object) -> list[str]:
    """The pieces of a text, without the two around it."""
    described = {
        "normalizer": {"type": "BertNormalizer", "lowercase": True} | normalizer,
        "model": {"type": "WordPiece", "vocab": {word: at for at, word in enumerate(VOCABULARY)}},
    }
    numbers = WordPiece(described, most).encode(text)
    assert (numbers[0], numbers[-1]) == (2, 3)
    return [VOCABULARY[one] for one in numbers[1:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unaffable!", ["un", "##aff", "##able", "!"]),
        ("Café\tCAFÉ", ["cafe", "cafe"]),
        ("中文runs", ["中", "文", "runs"]),
        ("unknownable", ["[UNK]"]),
        ("ca\u00adfe\x00", ["cafe"]),
        ("Σ", ["σ"]),
        ("[CLS]", ["[", "cl", "##s", "]"]),
        ("x" * 101, ["[UNK]"]),
        ("", []),
        (" \n\u00a0", []),
    ],
)
def test_encode_when_a_text_is_given_then_these_are_its_pieces(text: str, expected: list[str]) -> None:
    """Case, accents, Chinese, signs without a shape; a name of a special token in a text is text."""
    assert pieces(text) == expected


def test_encode_when_a_text_is_long_then_its_end_is_cut_off() -> None:
    """The two around it count; fifty megabytes are looked at no further than could be used."""
    assert pieces("un " * 100, most=10) == ["un"] * 8
    assert len(pieces("un" * 25_000_000, most=10)) == 1


def test_encode_when_case_counts_then_it_is_kept() -> None:
    """As the description says."""
    assert pieces("Runs runs", lowercase=False) == ["[UNK]", "runs"]


def test_wordpiece_when_the_tokenizer_is_of_another_kind_then_it_is_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="only WordPiece"):
        WordPiece({"model": {"type": "BPE"}, "normalizer": None}, 8)
    assert tiny_models.WORDS[2] == "[CLS]"
