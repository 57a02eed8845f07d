"""A list of homes on paper, to be carried along: what is known, and room to write."""

import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.gateway.exports.cells import Row
from services.gateway.exports.envelope import cut, lines, printable
from services.gateway.exports.words import SOURCE, Words

MARGIN: Final = 15 * mm
ROW: Final = 19 * mm
A_PAGE: Final = 13
LEFT: Final = MARGIN
RIGHT: Final = A4[0] - MARGIN
HEAD: Final = A4[1] - MARGIN
NOTES: Final = 120 * mm
"""From there to the right is room to write."""
ROOM: Final = NOTES - LEFT - 2 * mm
PLAIN: Final = "Helvetica"
BOLD: Final = "Helvetica-Bold"
LINE_GREY: Final = 0.7


def sheet_pdf(rows: Sequence[Row], words: Words, *, on: date) -> bytes:
    """The homes in their order, thirteen a page, with boxes for the stages of a follow-up."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, pageCompression=1, lang=words.language)
    canvas.setTitle(words.sheet)
    pages = max(1, -(-len(rows) // A_PAGE))
    for page in range(pages):
        _frame(canvas, words, on, words.sheet_page.format(page=page + 1, pages=pages))
        for place, row in enumerate(rows[page * A_PAGE : (page + 1) * A_PAGE]):
            top = HEAD - 12 * mm - place * ROW
            _home(canvas, row, words, page * A_PAGE + place + 1, top)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _frame(canvas: Canvas, words: Words, on: date, page: str) -> None:
    canvas.setFont(BOLD, 14)
    canvas.drawString(LEFT, HEAD - 10, printable(f"TrackImmo – {words.sheet}"))
    canvas.setFont(PLAIN, 9)
    canvas.drawRightString(RIGHT, HEAD - 10, printable(f"{on:{words.day}}, {page}"))
    canvas.setFont(PLAIN, 7)
    canvas.drawString(LEFT, MARGIN + 9, printable(words.rights))
    canvas.drawString(LEFT, MARGIN, printable(SOURCE))


def _home(canvas: Canvas, row: Row, words: Words, number: int, top: float) -> None:
    street, town = lines(row)
    canvas.setStrokeGray(LINE_GREY)
    canvas.line(LEFT, top, RIGHT, top)
    canvas.setFont(BOLD, 10)
    canvas.drawString(LEFT, top - 13, cut(f"{number}. {street}", BOLD, 10, ROOM))
    canvas.setFont(PLAIN, 9)
    canvas.drawString(LEFT, top - 25, cut(town, PLAIN, 9, ROOM))
    canvas.setFont(PLAIN, 8)
    for line, facts in enumerate((_facts(row, words), _worth(row, words))):
        canvas.drawString(LEFT, top - 36 - 10 * line, cut(" · ".join(facts), PLAIN, 8, ROOM))
    _boxes(canvas, row, words, top)


def _boxes(canvas: Canvas, row: Row, words: Words, top: float) -> None:
    """A box for each stage, the present one ticked."""
    canvas.setFont(PLAIN, 7)
    for place, (name, told) in enumerate(words.stages.items()):
        x, y = NOTES + place // 3 * 26 * mm, top - 12 - place % 3 * 11
        canvas.rect(x, y, 6, 6, fill=int(name == row["follow_status"]))
        canvas.drawString(x + 9, y, printable(told))


def _facts(row: Row, words: Words) -> Iterator[str]:
    yield printable(words.kinds.get(row["property_type"], words.kinds["other"]))
    for surface in (row["surface"], row["land_surface"]):
        if surface:
            yield f"{_number(surface, words)} m²"
    if row["rooms"]:
        yield words.rooms.format(rooms=row["rooms"])


def _worth(row: Row, words: Words) -> Iterator[str]:
    day = f"{row['sale_date']:{words.day}}"
    yield printable(words.sold.format(price=_euros(row["price"], words), day=day))
    if row["estimate_eur"]:
        yield printable(words.estimated.format(price=_euros(row["estimate_eur"], words)))


def _euros(amount: float, words: Words) -> str:
    return f"{_number(round(amount), words)} €"


def _number(value: float, words: Words) -> str:
    text = f"{value:,.1f}".removesuffix(".0")
    return text if words.decimal == "." else text.replace(",", " ").replace(".", words.decimal)
