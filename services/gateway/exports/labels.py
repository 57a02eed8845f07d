"""Labels for envelopes: A4 sheets of 24, 70 × 37 mm, as stationers sell them."""

import io
from collections.abc import Sequence
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from services.gateway.exports.cells import Row
from services.gateway.exports.envelope import cut, lines, printable
from services.gateway.exports.words import Words

COLUMNS: Final = 3
A_SHEET: Final = 24
WIDTH: Final = 70 * mm
HEIGHT: Final = 37 * mm
MARGIN: Final = 6 * mm
"""Within a label: printers do not reach the edge of the sheet."""
ROOM: Final = WIDTH - 2 * MARGIN
TOP: Final = A4[1] - (A4[1] - A_SHEET // COLUMNS * HEIGHT) / 2
LEADING: Final = 15
LARGEST: Final = 11
SMALLEST: Final = 6
FONT: Final = "Helvetica"


def labels_pdf(rows: Sequence[Row], words: Words, *, first: int = 1) -> bytes:
    """A label for each home, in their order; `first` (1 to 24) skips those of a sheet begun before."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, pageCompression=1, lang=words.language)
    canvas.setTitle(words.labels)
    for place, row in enumerate(rows, first - 1):
        if place % A_SHEET == 0 and place >= first:
            canvas.showPage()
        _label(canvas, place % A_SHEET, (printable(words.addressee), *lines(row)))
    canvas.save()
    return file.getvalue()


def _label(canvas: Canvas, place: int, told: Sequence[str]) -> None:
    down, across = divmod(place, COLUMNS)
    x = across * WIDTH + MARGIN
    y = TOP - down * HEIGHT - MARGIN - LEADING
    for line in told:
        size = max(SMALLEST, min(LARGEST, ROOM / max(stringWidth(line, FONT, 1), 1)))
        canvas.setFont(FONT, size)
        canvas.drawString(x, y, cut(line, FONT, size, ROOM))
        y -= LEADING
