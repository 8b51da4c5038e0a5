"""One pass over a `multipart/form-data` body: small fields collected, the file part handed on as it arrives.

The grammar is python-multipart's; the bounds are ours: parts, header bytes, field bytes. Nothing is spooled. A second file
part, a missing end or anything the grammar refuses is one `BadRequest`. Source: RFC 7578.
"""

from email.message import Message
from typing import cast

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

from filemill.chassis.errors import BadRequest

PARTS_MOST = 64
HEADER_MOST_BYTES = 16 * 1024
FIELDS_MOST_BYTES = 256 * 1024
FILE_FIELD = "file"


def boundary_of(content_type: str) -> bytes:
    """The boundary of a form. Raises `BadRequest` if the body is no form or has no valid boundary (RFC 2046: 1-70)."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        raise BadRequest("Send the file as multipart/form-data with a field named 'file', or its bytes with PUT.")
    if not 1 <= len(boundary) <= 70:
        raise BadRequest("The Content-Type of the form has no valid boundary.")
    return boundary


class FormReader:
    """Reads one form, in the event loop or in a thread.

    At the `end`: `fields` (name to values) and `filename` (None if there was no file part).
    """

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, list[str]] = {}
        self.filename: str | None = None
        self.has_file = False
        self._parts = 0
        self._header_bytes = 0
        self._field_bytes = 0
        self._name = b""
        self._value = b""
        self._headers = Message()
        self._field: str | None = None
        self._collected: list[bytes] = []
        self._file_data: list[memoryview] = []
        self._ended = False
        self._delimiter = b"\r\n--" + boundary
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
            max_header_size=HEADER_MOST_BYTES + 128,  # one long line is refused by our bound, and says so
        )

    def feed(self, data: bytes | memoryview) -> list[memoryview]:
        """Take the next bytes of the body; returns those of them that are the file's, as views that die with `data`."""
        if self._is_all_file(data):
            return [memoryview(data)]
        try:
            self._parser.write(_searchable(data))
        except MultipartParseError as error:
            raise BadRequest("The form is malformed: its parts do not follow the boundary it declares.") from error
        pieces, self._file_data = self._file_data, []
        return pieces

    def _is_all_file(self, data: bytes | memoryview) -> bool:
        """Whether a block can only be bytes of the file: then the parser, which would copy it, need not see it.

        So it is inside the file part, where no beginning of a delimiter is pending, and holds none, nor may end in one.
        """
        parser, delimiter = self._parser, self._delimiter
        if not isinstance(data, memoryview) or self._field is not None or not self.has_file:
            return False
        if parser.state is not MultipartState.PART_DATA or parser.index or not isinstance(data.obj, bytearray):
            return False
        whole, size = data.obj, len(data)
        return whole.find(delimiter, 0, size) < 0 and whole.find(b"\r", max(0, size - len(delimiter)), size) < 0

    def end(self) -> None:
        """The body is over. Raises `BadRequest` if the form is not."""
        if not self._ended:
            raise BadRequest("The form ends before its closing boundary.")

    # called by the parser, in order

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MOST:
            raise BadRequest(f"A form may have {PARTS_MOST} parts.")
        self._headers = Message()
        self._header_bytes = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count_header(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_MOST_BYTES:
            raise BadRequest(f"The headers of a part may have {HEADER_MOST_BYTES} bytes.")

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    _disposition = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._disposition = b""
        name = _text(options.get(b"name", b""))
        if name == FILE_FIELD and b"filename" in options:
            if self.has_file:
                raise BadRequest("A form may carry one file; send each file in a request of its own.")
            self.has_file = True
            self.filename = _text(options[b"filename"])
            self._field = None
        else:
            self._field = name
            self._collected = []

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._file_data.append(memoryview(data)[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > FIELDS_MOST_BYTES:
            raise BadRequest(f"The fields of a form may have {FIELDS_MOST_BYTES} bytes in all.")
        self._collected.append(data[start:end])

    def _part_end(self) -> None:
        if self._field is not None:
            self.fields.setdefault(self._field, []).append(_text(b"".join(self._collected)))

    def _end(self) -> None:
        self._ended = True


def _searchable(data: bytes | memoryview) -> bytes:
    """The parser needs what bytes and bytearray have in common; only a block that is not full has to be copied for it."""
    if not isinstance(data, memoryview):
        return data
    if isinstance(data.obj, bytearray) and len(data.obj) == len(data):
        return cast("bytes", data.obj)
    return bytes(data)


def _text(raw: bytes) -> str:
    """Form text is UTF-8 (RFC 7578, 5.1.2); what is not is read as Latin-1, as browsers once sent it."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
