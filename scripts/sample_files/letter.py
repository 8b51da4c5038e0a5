"""A one-page letter as a Word file, zipped again with fixed times: python-docx stamps parts with the clock."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt, RGBColor

WRITTEN_AT = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
ZIP_TIME = (2025, 3, 3, 9, 0, 0)

BODY = """\
Dear Mr Okafor,

Thank you for your letter of 24 February 2025 about the reading room in Lindenhof. We are glad to tell you that the
library will open it again on Monday, 7 April 2025.

The shelves along the north wall have been rebuilt, the lamps were replaced, and the archive of local maps has moved to
the first floor. Visitors can order maps from the archive until four in the afternoon; a member of staff brings them to
the reading room within the hour.

If your school would like to visit with a class, please write to readers@lindenhof-library.example at least two weeks
before, so that we can keep enough places free.

Yours sincerely,

Maren Castellane

Head of Reader Services
"""


def write_letter(path: Path) -> None:
    """Write the letter: letterhead, addressee, date, text, signature."""
    document = Document()
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    head = document.add_paragraph()
    name = head.add_run("Lindenhof Library")
    name.bold, name.font.size, name.font.color.rgb = True, Pt(16), RGBColor(0x1F, 0x5F, 0x5B)
    document.add_paragraph("18 Orchard Lane, Lindenhof\nTelephone: +44 20 7946 0018")
    document.add_paragraph("Mr Daniel Okafor\nWillow School\n2 Mill Street, Lindenhof")
    date = document.add_paragraph("3 March 2025")
    date.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    subject = document.add_paragraph()
    subject.add_run("Re: Reopening of the reading room").bold = True
    for paragraph in BODY.strip().split("\n\n"):
        document.add_paragraph(paragraph.replace("\n", " "))
    facts = document.core_properties
    facts.title, facts.author, facts.last_modified_by = (
        "Reopening of the reading room",
        "Maren Castellane",
        "Maren Castellane",
    )
    facts.created = facts.modified = WRITTEN_AT.replace(tzinfo=None)
    facts.comments, facts.revision = "", 1
    fresh = io.BytesIO()
    document.save(fresh)
    path.write_bytes(_with_fixed_times(fresh.getvalue()))


def _with_fixed_times(docx: bytes) -> bytes:
    steady = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx)) as source, zipfile.ZipFile(steady, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            entry = zipfile.ZipInfo(part.filename, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(part.filename))
    return steady.getvalue()
