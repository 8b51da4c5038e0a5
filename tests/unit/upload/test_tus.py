"""The headers of tus: what the protocol writes is read, everything else refused."""

import base64

import pytest

from filemill.chassis.errors import BadRequest
from filemill.upload import tus

ID = "01a208c5-3c5d-70e3-a975-e43ec0994017"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def test_metadata_when_well_formed_then_every_pair_is_there() -> None:
    """Values are UTF-8 in base64; one may be empty or missing."""
    text = f"filename {b64('Grüße.txt')},is_confidential,tags {b64('a,b')}, empty "
    assert tus.read_metadata(text) == {"filename": "Grüße.txt", "is_confidential": "", "tags": "a,b", "empty": ""}
    assert tus.read_metadata(None) == tus.read_metadata("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "filename plain text", "filename Zm9v Zm9v", "filename Zm9", "filename Zm=9v", "filename /w==", ",",
        "a Zm9v,,b Zm9v", f"a {b64('1')},a {b64('2')}", "naïve Zm9v", "a\tb Zm9v", "a Zm9v\r\nX-Evil: 1", "a Zm9v\n",
        "a Zm\n9v", f"a {b64('x' * 20_000)}", ",".join(f"k{at}" for at in range(65)), "k" * 256, " ",
    ],
)  # fmt: skip
def test_metadata_when_not_exactly_so_then_is_refused(text: str) -> None:
    """Nothing that is no pair, twice there, or could become a header line of ours."""
    with pytest.raises(BadRequest):
        tus.read_metadata(text)


def test_checksum_when_of_a_known_algorithm_then_is_read() -> None:
    """sha1 and sha256."""
    assert tus.read_checksum(f"sha1 {b64(bytes(20))}") == tus.Checksum("sha1", bytes(20))
    assert tus.read_checksum(f"sha256 {b64(bytes(32))}") == tus.Checksum("sha256", bytes(32))
    assert tus.read_checksum(None) is None


@pytest.mark.parametrize(
    "text",
    ["md5 " + b64(bytes(16)), "sha1", "sha1 " + b64(bytes(19)), "sha1 ***", f"sha1  {b64(bytes(20))}", "SHA1 AA==", ""],
)
def test_checksum_when_unknown_or_of_another_length_then_is_refused(text: str) -> None:
    """A checksum that cannot be checked is not ignored."""
    with pytest.raises(BadRequest):
        tus.read_checksum(text)


@pytest.mark.parametrize(
    "place", ["/tus/{}", "/api/upload/tus/{}", "http://127.0.0.1:8080/api/upload/tus/{}", "https://[::1]/tus/{}"]
)
def test_concat_when_parts_are_named_by_their_address_then_only_the_ids_count(place: str) -> None:
    """Relative or absolute, with the prefix of a gateway or without."""
    assert tus.read_concat("final;" + place.format(ID) + " " + place.format(ID)) == ("final", [ID, ID])
    assert tus.read_concat("partial") == ("partial", [])
    assert tus.read_concat(None) == ("file", [])


@pytest.mark.parametrize(
    "text",
    [
        "", "final", "final;", "final; ", "partial;", "Final;/tus/" + ID, f"final;{ID}", f"final;/tus/../tus/{ID}",
        f"final;/tus/{ID}/../../etc/passwd", f"final;/tus/{ID}?x=1", f"final;/tus/{ID}#x", f"final;/tus/{ID.upper()}",
        f"final;file:///tus/{ID}", f"final;//evil/tus/{ID}", "final;/tus/00000000-0000-0000-0000-000000000000",
        f"final;/tus/{ID},/tus/{ID}", f"final;/tus/%2e%2e/{ID}", "final;" + f"/tus/{ID} " * 1001, f"final;/tus/{ID}\x00",
        f"final;http://user@host/tus/{ID}",
    ],
)  # fmt: skip
def test_concat_when_an_address_is_none_of_ours_then_is_refused(text: str) -> None:
    """No path tricks: an address is matched as a whole or refused."""
    with pytest.raises(BadRequest):
        tus.read_concat(text)


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "0x10", "1e3", "", " 1", "1 ", "9" * 19, "١"])
def test_number_when_not_plain_then_is_refused(text: str) -> None:
    """Digits only, and not more than any file has bytes."""
    with pytest.raises(BadRequest):
        tus.number({"Upload-Length": text}, "Upload-Length")


def test_http_date_when_made_then_is_in_gmt() -> None:
    """The form that RFC 9110 prefers."""
    assert tus.http_date(784111777.9) == "Sun, 06 Nov 1994 08:49:37 GMT"
