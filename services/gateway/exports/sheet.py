"""A worksheet whose lines are written as they come: cell by cell the library takes five times as long."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from services.gateway.exports.cells import Cell

FIRST_DAY: Final = date(1899, 12, 30)
"""From which spreadsheets count."""
DAY_STYLE: Final = 2
"""Styles are numbered as they are first used: that of the headings, then that of days."""
LOOKS_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""A workbook reads `_x0041_` as a letter, unless its first sign is escaped itself."""


class LineSheet(Worksheet):
    """A sheet of headings, written as usual, and typed lines; texts are texts whatever they look like."""

    row_data_fh: Any
    dim_rowmax: int

    def write_lines(self, lines: Iterable[Iterable[Cell]]) -> None:
        """Write these lines after the others."""
        if self.previous_row == 0:
            self._write_single_row(1)  # the headings
        for line in lines:
            self.dim_rowmax += 1
            self.row_data_fh.write(_line(self.dim_rowmax + 1, line))


def _line(number: int, line: Iterable[Cell]) -> str:
    written = (_cell(f"{_letters(column)}{number}", cell) for column, cell in enumerate(line))
    return f'<row r="{number}">{"".join(written)}</row>'


_letters = cache(xl_col_to_name)


def _cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = escape(LOOKS_ESCAPED.sub("_x005F_", cell))
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(cell, date):
        return f'<c r="{place}" s="{DAY_STYLE}"><v>{(cell - FIRST_DAY).days}</v></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'
