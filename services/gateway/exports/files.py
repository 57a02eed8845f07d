"""Files that grow by chunks of homes, so that a long list need not stand in memory twice."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, Protocol, cast

import xlsxwriter

from services.gateway.exports.cells import Cell, Row, cells
from services.gateway.exports.sheet import LineSheet
from services.gateway.exports.words import Words

WIDTHS: Final = (12, 34, 44, 11, 24, 11, 14)
"""Of the first columns, in characters; the others are as wide as their headings."""
DAYS: Final = frozenset({11, 20, 23, 24})
"""Columns of days: what an agent adds there is shown as one."""


class File(Protocol):
    """A file under way."""

    def add(self, rows: Iterable[Row]) -> None:
        """Write these homes after the others."""
        ...

    def finish(self) -> bytes:
        """The whole file."""
        ...


class CsvFile:
    """Semicolons and a byte order mark, numbers and days as the language writes them."""

    def __init__(self, words: Words) -> None:
        self._words, self._text = words, io.StringIO()
        self._writer = csv.writer(self._text, delimiter=";", lineterminator="\r\n")
        self._writer.writerow(words.headings)

    def add(self, rows: Iterable[Row]) -> None:
        """Write these homes after the others."""
        for row in rows:
            self._writer.writerow([self._written(cell) for cell in cells(row, self._words)])

    def finish(self) -> bytes:
        """The whole file."""
        return self._text.getvalue().encode("utf-8-sig")

    def _written(self, cell: Cell) -> str:
        if isinstance(cell, float):
            return f"{cell:.6f}".rstrip("0").rstrip(".").replace(".", self._words.decimal)
        if isinstance(cell, date):
            return f"{cell:{self._words.day}}"
        return "" if cell is None else str(cell)


class XlsxFile:
    """One sheet with typed cells; texts are written as texts, whatever they look like."""

    def __init__(self, words: Words) -> None:
        self._words, self._bytes = words, io.BytesIO()
        self._book = xlsxwriter.Workbook(self._bytes, {"constant_memory": True})
        sheet = self._book.add_worksheet(words.title, worksheet_class=LineSheet)
        self._sheet = cast(LineSheet, sheet)
        self._sheet.freeze_panes(1, 0)
        day = self._book.add_format({"num_format": words.day_in_cells})
        for column, heading in enumerate(words.headings):
            width = WIDTHS[column] if column < len(WIDTHS) else max(11, len(heading) + 2)
            self._sheet.set_column(column, column, width, day if column in DAYS else None)
        self._sheet.write_row(0, 0, words.headings, self._book.add_format({"bold": True}))

    def add(self, rows: Iterable[Row]) -> None:
        """Write these homes after the others."""
        self._sheet.write_lines(cells(row, self._words) for row in rows)

    def finish(self) -> bytes:
        """The whole file."""
        self._sheet.autofilter(0, 0, self._sheet.dim_rowmax, len(self._words.headings) - 1)
        self._book.close()
        return self._bytes.getvalue()


FORMATS: Final[Mapping[str, tuple[str, Callable[[Words], File]]]] = {
    "csv": ("text/csv", CsvFile),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", XlsxFile),
}
"""By the end of the file's name: its media type, and how it is written."""
