"""A mill on a machine without tesseract: what stands on a scan, and in a picture inside a mail or a document, is found."""

import io
from email.message import EmailMessage
from pathlib import Path

import docx

from support.mill import Mill, wait_for
from support.scans import page, png, scanned_pdf


def test_scan_when_the_mill_has_no_tesseract_then_search_finds_its_words(tmp_path: Path) -> None:
    """No system package is needed; `/health` says who reads."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Pictures", "a@example.org", "b@example.org"
    mail.set_content("As promised.")
    mail.add_attachment(png(page("Lighthouse keeper")), maintype="image", subtype="png", filename="photo.png")
    mill = Mill(tmp_path / "data", PATH="/nonexistent")
    mill.start()
    try:
        with mill.client() as client:
            scan = scanned_pdf(page("Harvest report"), page("Seventeen copper valves", "INVOICE NUMBER 4711"))
            paper = docx.Document()
            paper.add_picture(io.BytesIO(png(page("Windmill blueprint"))), width=docx.shared.Inches(6))
            paper.save(written := io.BytesIO())
            for name, content in (("scan.pdf", scan), ("mail.eml", bytes(mail)), ("paper.docx", written.getvalue())):
                client.post("/api/upload/files", files={"file": (name, content)}).raise_for_status()

            def found(words: str) -> list[str]:
                answer = client.get("/api/metadata/files", params={"q": words}).raise_for_status().json()
                return [item["filename"] for item in answer["items"]]

            for words, name in (
                ('"copper valves"', "scan.pdf"),
                ("invoice number", "scan.pdf"),
                ("lighthouse", "photo.png"),
                ("windmill", "paper.docx"),
            ):
                wait_for(lambda words=words, name=name: found(words) == [name], f"{words} in {name}")  # type: ignore[misc]
            health = client.get("/api/processing/health").raise_for_status().json()
            assert health["dependencies"]["ocr"]["detail"].startswith("rapidocr ")
            assert health["dependencies"]["sandbox"]["detail"].startswith(("full: ", "reduced, without "))
    finally:
        assert mill.stop() == 0, mill.said()
