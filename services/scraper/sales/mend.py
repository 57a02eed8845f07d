"""Lines that are no rows are blanked, so that one bad line costs one line and not the file.

A reader of CSV takes a missing comma for blank columns, an extra one for a shift, and a stray
quote for the rest of the file. Counting commas tells at little cost that none of it is there.
"""

import csv
import io


def is_sound(separators: int, *, width: int, rows: int) -> bool:
    """Whether the header and all rows can have `width` fields each, judged by what parts them."""
    return separators == (rows + 1) * (width - 1)


def mended(content: bytes, *, width: int) -> bytes:
    """The same lines in the same places; those without exactly `width` fields are blank rows."""
    return "\n".join(_row(row, width) for row in _rows(content)).encode()


def mended_without_quotes(content: bytes, *, width: int, separator: str) -> bytes:
    """The same for a layout in which a quote is a character like any other."""
    bars = width - 1
    blank = separator * bars
    rows = (row if row.count(separator) == bars else blank for row in _rows(content))
    return "\n".join(rows).encode()


def _rows(content: bytes) -> list[str]:
    rows = content.decode().rstrip("\r\n").split("\n")
    return [row.removesuffix("\r") for row in rows]


def _row(row: str, width: int) -> str:
    blank = "," * (width - 1)
    if '"' not in row:
        return row if row.count(",") == width - 1 else blank
    try:
        fields = next(csv.reader([row], strict=True))
    except csv.Error:
        return blank
    return _written(fields) if len(fields) == width else blank


def _written(fields: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
