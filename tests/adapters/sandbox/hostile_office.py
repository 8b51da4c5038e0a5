"""Small hostile files of Office programs, found by running other packages' tests, or aimed at readers of our own."""

from filemill.processing.steps.compound_file import Tree, compound_file
from support.outlook import message_tree, outlook_message

from .hostile_cases import CANARY, case, zipped

NAMES = "urn:oasis:names:tc:opendocument:xmlns"
LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "lollollol">'
for level in range(1, 12):
    LAUGHS += f'<!ENTITY a{level} "' + f"&a{level - 1};" * 10 + '">'
LAUGHS += f'<!ENTITY out SYSTEM "{CANARY}/out">]>'


def slides(pages: str, declared: str = "") -> bytes:
    """An OpenDocument presentation."""
    spaces = "".join(f' xmlns:{one}="{NAMES}:{one}:1.0"' for one in ("office", "text"))
    head = f'<?xml version="1.0"?>{declared}<office:document-content{spaces} xmlns:draw="{NAMES}:drawing:1.0">'
    content = f"{head}<office:presentation>{pages}</office:presentation></office:document-content>"
    return zipped({"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": content})


def letter(comments: str) -> bytes:
    """A docx with a word and comments."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    text = f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>word</w:t></w:r></w:p></w:body></w:document>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": text, "word/comments.xml": comments})


def workbook(record: int) -> bytes:
    """An xls of Excel 5 with one record of two bytes: too few for it."""
    start = bytes.fromhex("09080800000505000a54cd07")
    return compound_file({"Book": start + record.to_bytes(2, "little") + b"\2\0\0\0" + b"\x0a\0\0\0"})


@case("a.odp")
def odp_of_laughs() -> bytes:
    return slides("<draw:page><text:p>&a11;&out;</text:p></draw:page>", LAUGHS)


@case("a.odp")
def odp_of_boxes_in_boxes() -> bytes:
    return slides("<draw:page>" + "<text:p>a" * 300_000 + "</text:p>" * 300_000 + "</draw:page>")


@case("a.odp")
def odp_of_a_million_pages() -> bytes:
    return slides("<draw:page/>" * 1_000_000)


@case("a.odp")
def odp_without_content() -> bytes:
    return zipped({"mimetype": "application/vnd.oasis.opendocument.presentation"})


@case("a.docx")
def docx_with_comments_that_laugh() -> bytes:
    return letter(f"{LAUGHS}<x><t>&a11;&out;</t></x>")


@case("a.docx")
def docx_with_comments_in_comments() -> bytes:
    return letter("<comment><strCache><v>a" * 300_000)


@case("a.xls")
def xls_whose_sheet_makes_its_reader_panic() -> bytes:
    return workbook(0x85)


@case("a.xls")
def xls_whose_name_makes_its_reader_panic() -> bytes:
    return workbook(0x18)


@case("a.msg")
def msg_of_messages_in_messages() -> bytes:
    inner: Tree = message_tree("innermost", "word")
    for number in range(60):
        inner = message_tree(f"message {number}", "word", ("inner", inner))
    return outlook_message("outer", "word", ("inner", inner))


@case("a.msg")
def msg_whose_message_within_is_bytes() -> bytes:
    attached = {"__substg1.0_3701000D": b"no storage", "__properties_version1.0": bytes(8)}
    message = message_tree("outer", "word") | {"__properties_version1.0": bytes(32)}
    return compound_file({**message, "__attach_version1.0_#00000000": attached})
