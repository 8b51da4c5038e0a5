"""Zips that are written while they are read: names that are safe, a length that is right, and what any reader can open."""

import io
import random
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.upload.zips import Member, ZipStream, length_of, unique_names

AT = datetime(2026, 11, 23, 12, 30, 8, tzinfo=UTC)


def written(members: list[tuple[Member, bytes]]) -> bytes:
    """The whole zip, each body in pieces of odd sizes."""
    stream, found = ZipStream(), io.BytesIO()
    for member, body in members:
        found.writelines(stream.begin(member))
        for start in range(0, len(body), 777):
            found.writelines(stream.write(body[start : start + 777]))
        found.writelines(stream.end())
    found.writelines(stream.finish())
    return found.getvalue()


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@given(st.lists(st.tuples(names, st.binary(max_size=3000)), max_size=12), st.sampled_from([2**31 - 1, 4000, 500, 0]))
def test_length_when_said_beforehand_then_it_is_what_comes(given_: list[tuple[str, bytes]], limit: int) -> None:
    """For every list of files; also where ZIP64 is needed, which a lowered limit brings about with little data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipfile, "ZIP64_LIMIT", limit)
        unique = unique_names(name for name, _ in given_)
        members = [(Member(name, len(body), AT), body) for name, (_, body) in zip(unique, given_, strict=True)]
        whole = written(members)
        assert len(whole) == length_of([member for member, _ in members])
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == {member.name: body for member, body in members}
        assert all(one.compress_type == zipfile.ZIP_STORED for one in read.infolist())


def test_length_when_a_file_is_beyond_four_gibibytes_then_it_counts() -> None:
    """Calculated only: nobody writes 5 GiB here. The parts grow by what ZIP64 adds."""
    size = 5 * 2**30
    small, large = (length_of([Member("a", n, AT)]) - n for n in (5, size))
    assert large - small == 20 + (24 - 16) + 20 + 76  # local extra, descriptor, directory extra, end records


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (["a.txt", "a.txt", "a.txt"], ["a.txt", "a (2).txt", "a (3).txt"]),
        (["a.txt", "A.TXT"], ["a.txt", "A (2).TXT"]),
        (["a (2).txt", "a.txt", "a.txt"], ["a (2).txt", "a.txt", "a (3).txt"]),
        (["x", "x", ".env", ".env"], ["x", "x (2)", ".env", ".env (2)"]),
        (["../../etc/passwd", "/abs", "..", "."], [".._.._etc_passwd", "_abs", "unnamed", "unnamed (2)"]),
        (["a\\b", "C:\\x", "a\0b"], ["a_b", "C:_x", "a_b (2)"]),
    ],
)  # fmt: skip
def test_names_when_they_clash_or_lead_out_then_each_is_its_own_and_safe(
    given_: list[str], expected: list[str]
) -> None:
    """Case does not count: two systems of three would overwrite one with the other."""
    assert unique_names(given_) == expected


def test_names_when_a_thousand_are_the_same_then_it_is_quick() -> None:
    """No search that grows with the square."""
    found = unique_names(["a.txt"] * 1000)
    assert (len(set(found)), found[-1]) == (1000, "a (1000).txt")


@pytest.mark.parametrize(("year", "shown"), [(1970, 1980), (2026, 2026), (2200, 2107)])
def test_time_when_the_format_cannot_say_it_then_the_nearest_year(year: int, shown: int) -> None:
    """A zip knows 1980 to 2107."""
    whole = written([(Member("a", 1, AT.replace(year=year)), b"x")])
    assert zipfile.ZipFile(io.BytesIO(whole)).infolist()[0].date_time[0] == shown


def test_zip_when_broken_off_anywhere_then_no_reader_takes_it_for_whole() -> None:
    """The directory is last."""
    body = random.Random(2).randbytes(5000)
    whole = written([(Member("a", 5000, AT), body), (Member("b", 5000, AT), body)])
    for cut in (*range(0, len(whole), 997), len(whole) - 1):
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(whole[:cut]))


def test_stream_when_abandoned_in_any_state_then_it_is_quiet() -> None:
    """No warning from an open zip that nobody closes."""
    for state in range(4):
        stream = ZipStream()
        if state >= 1:
            stream.begin(Member("a", 5, AT))
        if state >= 2:
            stream.write(b"12")
        if state == 3:
            stream.end()
        stream.abandon()
        stream.abandon()
