"""Forms: every well-formed body gives the same parts however it is cut, every other one a clear refusal."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.multipart import parse_form

from filemill.chassis.errors import BadRequest
from filemill.upload.multipart import FIELDS_MOST_BYTES, HEADER_MOST_BYTES, PARTS_MOST, FormReader, boundary_of

BOUNDARY = b"----x7QK4"
CRLF = b"\r\n"


def part(name: str, body: bytes, filename: str | None = None, *headers: bytes) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode()
    if filename is not None:
        disposition += f'; filename="{filename}"'.encode()
    return b"--" + BOUNDARY + CRLF + CRLF.join([disposition, *headers]) + CRLF * 2 + body + CRLF


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY + b"--" + CRLF


def read(body: bytes, piece_sizes: list[int] | None = None) -> tuple[FormReader, bytes]:
    """Read a body that arrives in pieces of these sizes, over and over."""
    reader, got, sizes = FormReader(BOUNDARY), bytearray(), piece_sizes or [len(body) or 1]
    at = number = 0
    while at < len(body):
        size = sizes[number % len(sizes)]
        data = body[at : at + size]
        for piece in reader.feed(memoryview(bytearray(data)) if number % 3 else data):  # a thread gives blocks
            got += piece
        at, number = at + size, number + 1
    reader.end()
    return reader, bytes(got)


FILE_BYTES = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from([b"\r\n", b"--", BOUNDARY, b"\r", b"\n", b"x", b"\r\n--" + BOUNDARY[:-1]]), max_size=20
    ).map(b"".join),
).filter(lambda data: b"\r\n--" + BOUNDARY not in b"\r\n" + data)


@settings(max_examples=150, deadline=None)
@given(FILE_BYTES, st.text(alphabet="abc é", max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=5))
async def test_read_when_the_body_comes_in_any_pieces_then_it_is_what_the_library_reads_at_once(
    data: bytes, title: str, sizes: list[int]
) -> None:
    """Differential: our streaming reader against python-multipart's own form parser."""
    body = form(part("title", title.encode()), part("file", data, "a.bin", b"Content-Type: x/y"), part("tags", b"t"))
    fields: dict[bytes, bytes] = {}
    files: dict[bytes, bytes] = {}

    def on_file(found: object) -> None:
        found.file_object.seek(0)  # type: ignore[attr-defined]
        files[found.field_name] = found.file_object.read()  # type: ignore[attr-defined]

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}".encode()}
    parse_form(headers, io.BytesIO(body), lambda one: fields.update({one.field_name: one.value or b""}), on_file)
    reader, got = read(body, sizes)
    assert got == data == files[b"file"]
    assert reader.filename == "a.bin"
    assert {name.encode(): values[0].encode() for name, values in reader.fields.items()} == fields


async def test_read_when_fields_stand_before_and_after_the_file_then_all_are_there() -> None:
    """The order of the parts is the client's choice; a field may come twice."""
    body = form(part("tags", b"a"), part("file", b"data", "x"), part("tags", b"b"), part("title", b"T"))
    reader, got = read(body)
    assert (got, reader.fields) == (b"data", {"tags": ["a", "b"], "title": ["T"]})


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        (b'form-data; name="file"; filename="C:\\\\dir\\\\a.txt"', "a.txt"),
        ('form-data; name="file"; filename="ü.txt"'.encode(), "ü.txt"),
        ('form-data; name="file"; filename="ü.txt"'.encode("latin-1"), "ü.txt"),
        (b'form-data; name="file"; filename="EUR.txt"; filename*=UTF-8\'\'%E2%82%AC.txt', "EUR.txt"),
        (b'form-data; name="file"; filename="a\\"b.txt"', 'a"b.txt'),
        (b"form-data; name=file; filename=a.txt", "a.txt"),
        (b'form-data; name="file"; filename=""', ""),
    ],
)
async def test_read_when_the_name_is_written_in_any_way_then_it_is_understood(
    disposition: bytes, filename: str
) -> None:
    """Browsers, curl and old clients write names differently."""
    body = b"--" + BOUNDARY + CRLF + b"Content-Disposition: " + disposition + CRLF * 2 + b"x" + CRLF
    reader, got = read(form(body))
    assert (reader.has_file, reader.filename, got) == (True, filename, b"x")


async def test_read_when_the_field_named_file_has_no_filename_then_it_is_no_file() -> None:
    """A text typed into a field named `file` is not an upload."""
    reader, got = read(form(part("file", b"typed text")))
    assert (reader.has_file, got) == (False, b"")


async def test_read_when_a_form_holds_a_form_then_the_inner_one_is_just_bytes() -> None:
    """A nested multipart body is content."""
    inner = form(part("file", b"inner", "inner.txt")).replace(BOUNDARY, b"----inner")
    reader, got = read(form(part("file", inner, "mail.eml", b"Content-Type: multipart/mixed; boundary=----inner")))
    assert (got, reader.filename) == (inner, "mail.eml")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "closing boundary"),
        (b"no form at all", "malformed"),
        (part("file", b"x", "a"), "closing boundary"),
        (form(part("file", b"x", "a"))[:-4], "closing boundary"),
        (form(part("file", b"x" * 100, "a"))[:60], "closing boundary"),
        (form(part("file", b"x", "a")).replace(BOUNDARY, b"----other"), "malformed"),
        (form(part("file", b"x", "a"), part("file", b"y", "b")), "one file"),
        (form(*[part("tags", b"t") for _ in range(PARTS_MOST + 1)]), "parts"),
        (form(part("title", b"t" * (FIELDS_MOST_BYTES + 1))), "fields"),
        (form(*[part("tags", b"t" * (FIELDS_MOST_BYTES // 8)) for _ in range(9)]), "fields"),
        (form(part("file", b"x", "a", b"X-Long: " + b"h" * HEADER_MOST_BYTES)), "headers"),
        (form(part("file", b"x", "a", *[b"X-Long: " + b"h" * 4000] * 5)), "headers"),
        (form(part("file", b"x", "a", *[b"A: b"] * 200_000)), "malformed"),
        (form(part("file", b"x", "a", b"bad header line")), "malformed"),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("piece", [1 << 20, 4096])
async def test_read_when_the_form_is_bad_then_it_is_one_clear_refusal(body: bytes, why: str, piece: int) -> None:
    """Truncated, doubled, oversized or malformed: the caller is told which."""
    with pytest.raises(BadRequest, match=why):
        read(body, [piece])


def test_feed_when_a_block_is_all_file_then_it_is_handed_on_uncopied() -> None:
    """Inside the file a block without a delimiter, or the beginning of one, does not go through the parser."""
    reader, block = FormReader(BOUNDARY), bytearray(b"x" * 1000)
    reader.feed(part("file", b"", "a.bin").removesuffix(CRLF))
    [piece] = reader.feed(memoryview(block)[:900])
    assert piece.obj is block
    assert len(piece) == 900


async def test_read_when_a_bound_is_met_exactly_then_it_is_taken() -> None:
    """Bounds are inclusive."""
    reader, _ = read(form(*[part("tags", b"t") for _ in range(PARTS_MOST)]))
    assert len(reader.fields["tags"]) == PARTS_MOST
    reader, _ = read(form(part("title", b"t" * FIELDS_MOST_BYTES)))
    assert len(reader.fields["title"][0]) == FIELDS_MOST_BYTES


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(1, 30), min_size=1, max_size=3))
async def test_read_when_it_is_any_bytes_then_a_form_or_a_refusal(body: bytes, sizes: list[int]) -> None:
    """No body is a fault of ours."""
    for made in (body, b"--" + BOUNDARY + CRLF + body, form(part("file", b"x", "a"))[:40] + body):
        try:
            read(made, sizes)
        except BadRequest:
            continue


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data; boundary=" + "x" * 70, b"x" * 70),
    ],
)
def test_boundary_of_when_it_is_a_form_then_its_boundary(header: str, boundary: bytes) -> None:
    """Quoted or not, in any case."""
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    "header",
    [
        "", "application/json", "text/plain; boundary=abc", "multipart/mixed; boundary=abc", "multipart/form-data",
        "multipart/form-data; boundary=", 'multipart/form-data; boundary=""', "multipart/form-data; boundary=" + "x" * 71,
        "multipart/form-data; boundary", ";;;", "\xff\xfe",
    ],
)  # fmt: skip
def test_boundary_of_when_it_is_no_form_then_bad_request(header: str) -> None:
    """Refused from the header, before a byte of the body is read."""
    with pytest.raises(BadRequest):
        boundary_of(header)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_boundary_of_when_the_header_is_anything_then_a_boundary_or_bad_request(tail: str) -> None:
    """No header is a fault of ours."""
    for header in (tail, "multipart/form-data; " + tail, "multipart/form-data; boundary=" + tail):
        try:
            assert 1 <= len(boundary_of(header)) <= 70
        except BadRequest:
            continue
