"""An address in the lines of an envelope, in letters that a printed sheet has."""

from reportlab.pdfbase.pdfmetrics import stringWidth

from services.gateway.exports.cells import Row


def lines(row: Row) -> tuple[str, str]:
    """Street and town: as the postal service writes them where that is known."""
    street, comma, town = (row["printed_address"] or "").rpartition(", ")
    if comma:
        return printable(street), printable(town)
    return printable(row["address_raw"]), printable(f"{row['postal_code']} {row['city_name']}")


def printable(text: str) -> str:
    """One line; a question mark for what the fonts of every PDF reader (Windows-1252) lack."""
    return " ".join(text.split()).encode("cp1252", "replace").decode("cp1252")


def cut(text: str, font: str, size: float, room: float) -> str:
    """As much of a line as there is room for, in points."""
    width = stringWidth(text, font, size)
    if width <= room:
        return text
    kept = text[: int(len(text) * room / width)]
    while kept and stringWidth(f"{kept}…", font, size) > room:
        kept = kept[:-1]
    return f"{kept}…"
