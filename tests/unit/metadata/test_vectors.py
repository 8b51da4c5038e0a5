"""Arithmetic on vectors and hashes: packed, scanned, joined."""

import base64
import struct

import pytest

from filemill.metadata.keys import signed_hash
from filemill.metadata.search.spelling import edits
from filemill.metadata.search.vectors import CHUNKS_MOST, centre, fused, near_pictures, nearest, packed, question
from filemill.metadata.search.vocabulary import grams
from filemill.metadata.vectors_repository import Kept


def encoded(*values: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def kept(doc_id: int, *vectors: tuple[float, ...]) -> Kept:
    return Kept(doc_id, "m", len(vectors[0]), packed([encoded(*one) for one in vectors], len(vectors[0])))


def test_nearest_when_documents_have_several_chunks_then_the_best_chunk_counts() -> None:
    """By cosine, whatever the lengths were; equal ones newest first; below the least not at all."""
    some = [kept(1, (1, 0), (0, 5)), kept(2, (3, 3)), kept(3, (-1, 0)), kept(4, (0, 2))]
    found = nearest(question(encoded(0, 9)), some, 10, 0.25)
    assert [key for key, _ in found] == [4, 1, 2]
    assert found[0][1] == pytest.approx(1.0, abs=1e-3)
    assert found[2][1] == pytest.approx(0.7071, abs=1e-3)
    assert nearest(question(encoded(0, 9)), some, 1, 0.25) == found[:1]
    assert nearest(question(encoded(1, 2, 3)), some, 10, 0.0) == []  # of another length: of another model
    assert nearest(question(encoded(0, 1)), [], 10, 0.0) == []


def test_packed_when_vectors_are_too_many_or_of_another_length_then_bounded_or_refused() -> None:
    """A book is its beginning; a vector that does not fit is no vector of this model; zero stays zero."""
    assert len(packed([encoded(1, 1)] * (CHUNKS_MOST + 5), 2)) == CHUNKS_MOST * 2 * 2
    with pytest.raises(ValueError, match="dimensions"):
        packed([encoded(1, 2, 3)], 2)
    assert packed([encoded(0, 0)], 2) == bytes(4)
    assert list(centre(kept(1, (2, 0), (0, 7)))) == pytest.approx([0.7071, 0.7071], abs=1e-3)


def test_near_pictures_when_bits_differ_then_few_are_near_and_the_top_bit_is_a_bit() -> None:
    """Hashes are kept as signed numbers; the sign is their first bit."""
    first = signed_hash("8000000000000001")
    assert first is not None
    others = [(1, first), (2, signed_hash("0000000000000001") or 0), (3, signed_hash("7fffffffffffffff") or 0)]
    assert near_pictures(first, others, 10) == [(1, 1.0), (2, 1 - 1 / 64)]
    assert near_pictures(first, [], 10) == []
    assert signed_hash("no hash") is None


def test_fused_when_both_rankings_have_a_file_then_it_comes_first() -> None:
    """By reciprocal rank; equal ones newest first."""
    assert [key for key, _ in fused([1, 2, 3], [4, 2])] == [2, 4, 1, 3]
    assert fused([], []) == []


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("rechnung", "rechnung", 0), ("recnung", "rechnung", 1), ("inovice", "invoice", 1), ("kettel", "kettle", 1),
        ("abcd", "abdc", 1), ("kitten", "sitting", None), ("harvest", "harvests", 1), ("a", "abcd", None), ("ab", "ba", 1),
    ],
)  # fmt: skip
def test_edits_when_words_differ_then_letters_and_swapped_neighbours_count(
    one: str, other: str, distance: int | None
) -> None:
    """Either way round; more than two are not counted."""
    assert edits(one, other, 2) == edits(other, one, 2) == distance


def test_grams_when_a_word_is_cut_then_its_ends_are_known() -> None:
    """So a beginning is like a beginning."""
    assert grams("abc") == {" ab", "abc", "bc "}
