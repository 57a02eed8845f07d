"""Lines that are no rows are blanked, so that one bad line costs one line and not the file.

A reader of CSV takes a missing comma for blank columns, an extra one for a shift, and a stray
quote for the rest of the file. Counting commas tells at little cost that none of it is there.
"""

import csv
import io


def is_sound(content: bytes, *, width: int, rows: int) -> bool:
    """Whether the header and all rows can have `width` fields each, judged by their commas."""
    return content.count(b",") == (rows + 1) * (width - 1)


def mended(content: bytes, *, width: int) -> bytes:
    """The same lines in the same places; those without exactly `width` fields are blank rows."""
    rows = content.decode().rstrip("\r\n").split("\n")
    return "\n".join(_row(row.removesuffix("\r"), width) for row in rows).encode()


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
