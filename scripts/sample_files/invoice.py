"""A two-page invoice between two invented companies, with values that check: sums, IBAN, VAT id.

For text extraction, entities and document class. The IBAN and the VAT id carry right check digits but belong to nobody
(the bank code is not assigned); telephone numbers are from ranges kept free for fiction.
"""

from decimal import Decimal
from pathlib import Path

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

NUMBER = "INV-2025-0417"
IBAN = "DE74 9999 0000 0417 2306 18"
VAT_ID = "DE294173069"
NET, VAT, TOTAL = Decimal("1079.41"), Decimal("205.09"), Decimal("1284.50")
LINES: list[tuple[str, int, Decimal]] = [
    ("Spectrometer calibration, on site", 1, Decimal("320.00")),
    ("Replacement lamp, deuterium 30 W", 2, Decimal("118.50")),
    ("Quartz cuvette, 10 mm path", 12, Decimal("14.20")),
    ("Fibre cable, SMA, 2 m", 3, Decimal("46.75")),
    ("Filter wheel, six positions", 1, Decimal("89.90")),
    ("Cleaning kit for optical surfaces", 4, Decimal("11.35")),
    ("Travel, Berlin - Hamburg, return", 1, Decimal("76.46")),
]

INK, SOFT, RULE, BRAND = HexColor("#1d2733"), HexColor("#5b6b7c"), HexColor("#cfd8e1"), HexColor("#1f5f5b")
LEFT, RIGHT = 56.0, A4[0] - 56.0
WIDTHS_X = (LEFT, RIGHT - 170, RIGHT - 90, RIGHT)  # text, quantity, unit price and amount (right edges)


def write_invoice(path: Path) -> None:
    """Write the invoice; `invariant` keeps dates and ids out of the PDF so that the bytes repeat."""
    assert sum(count * price for _, count, price in LINES) == NET
    assert NET + VAT == TOTAL
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setTitle(f"Invoice {NUMBER}")
    canvas.setAuthor("Hollow Oak Instruments GmbH")
    _first_page(canvas)
    canvas.showPage()
    _second_page(canvas)
    canvas.save()


def money(amount: Decimal) -> str:
    """Return an amount as the invoice prints it: `1,284.50`."""
    return f"{amount:,.2f}"


def _text(
    canvas: Canvas, x: float, y: float, text: str, *, size: float = 9.5, bold: bool = False, colour: Color = INK
) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    canvas.setFillColor(colour)
    canvas.drawString(x, y, text)


def _right(
    canvas: Canvas, x: float, y: float, text: str, *, size: float = 9.5, bold: bool = False, colour: Color = INK
) -> None:
    width = canvas.stringWidth(text, "Helvetica-Bold" if bold else "Helvetica", size)
    _text(canvas, x - width, y, text, size=size, bold=bold, colour=colour)


def _rule(canvas: Canvas, y: float, colour: Color = RULE, width: float = 0.8) -> None:
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(width)
    canvas.line(LEFT, y, RIGHT, y)


def _frame(canvas: Canvas, page: int) -> None:
    canvas.setFillColor(BRAND)
    canvas.rect(0, A4[1] - 14, A4[0], 14, stroke=0, fill=1)
    _text(canvas, LEFT, A4[1] - 62, "Hollow Oak Instruments GmbH", size=15, bold=True, colour=BRAND)
    _text(canvas, LEFT, A4[1] - 77, "Weidenweg 12, 10249 Berlin, Germany", size=9, colour=SOFT)
    _rule(canvas, 62)
    _text(canvas, LEFT, 48, f"VAT ID: {VAT_ID}", size=8, colour=SOFT)
    _text(canvas, LEFT + 120, 48, "Phone: +49 30 23125417", size=8, colour=SOFT)
    _text(canvas, LEFT + 250, 48, "billing@hollow-oak.example", size=8, colour=SOFT)
    _right(canvas, RIGHT, 48, f"Page {page} of 2", size=8, colour=SOFT)


def _first_page(canvas: Canvas) -> None:
    _frame(canvas, 1)
    _right(canvas, RIGHT, A4[1] - 64, "INVOICE", size=20, bold=True)
    facts = (("Invoice number:", NUMBER), ("Invoice date:", "14 June 2025"), ("Due date:", "2025-07-14"))
    for row, (label, value) in enumerate(facts):
        _text(canvas, RIGHT - 190, A4[1] - 120 - 15 * row, f"{label} {value}")
    _text(canvas, LEFT, A4[1] - 120, "Bill to:", size=8.5, colour=SOFT)
    address = ("Bright Harbour Labs GmbH", "Kaiweg 4", "20457 Hamburg", "Germany", "accounts@bright-harbour.example")
    for row, line in enumerate(address):
        _text(canvas, LEFT, A4[1] - 135 - 14 * row, line, bold=row == 0)
    top = A4[1] - 250
    for x, label in zip(WIDTHS_X, ("Description", "Quantity", "Unit price", "Amount"), strict=True):
        (_text if x == LEFT else _right)(canvas, x, top, label, size=8.5, bold=True, colour=SOFT)
    _rule(canvas, top - 7, BRAND, 1.2)
    for row, (name, count, price) in enumerate(LINES):
        y = top - 26 - 22 * row
        _text(canvas, LEFT, y, name)
        for x, cell in zip(WIDTHS_X[1:], (str(count), money(price), money(count * price)), strict=True):
            _right(canvas, x, y, cell)
        _rule(canvas, y - 7)
    _text(
        canvas,
        LEFT,
        top - 26 - 22 * len(LINES) - 10,
        "All amounts in EUR. Totals and payment details on page 2.",
        size=8.5,
        colour=SOFT,
    )


def _second_page(canvas: Canvas) -> None:
    _frame(canvas, 2)
    y = A4[1] - 130
    for label, amount, strong in (("Subtotal", NET, False), ("VAT 19 %", VAT, False), ("Total due", TOTAL, True)):
        if strong:
            _rule(canvas, y + 16, BRAND, 1.2)
        _text(canvas, LEFT + 270, y, label, bold=strong, size=11 if strong else 9.5)
        _right(canvas, RIGHT, y, f"{money(amount)} EUR", bold=strong, size=11 if strong else 9.5)
        y -= 24
    y -= 30
    _text(canvas, LEFT, y, "Payment", size=12, bold=True, colour=BRAND)
    payment = (
        "Please pay by bank transfer within 30 days of the invoice date.",
        f"IBAN: {IBAN}",
        f"Payment reference: {NUMBER}",
        "Account holder: Hollow Oak Instruments GmbH",
    )
    for row, line in enumerate(payment):
        _text(canvas, LEFT, y - 22 - 16 * row, line)
    y -= 120
    _text(canvas, LEFT, y, "Notes", size=12, bold=True, colour=BRAND)
    notes = (
        "The instrument was calibrated on 5 June 2025; the certificate is enclosed.",
        "Questions about this invoice? Call +49 40 66969123 or write to billing@hollow-oak.example.",
        "Our terms: https://hollow-oak.example/terms",
    )
    for row, line in enumerate(notes):
        _text(canvas, LEFT, y - 22 - 16 * row, line)
