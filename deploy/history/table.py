"""A file of clients and addresses, as spreadsheets and old systems write it.

One line a delivery, below a header, in any order of columns:

| Column | Also called |
|---|---|
| `email` or `client_id` | `mail`, `client_email`, `courriel`; `client` |
| `address` | `adresse`, `address_raw` |
| `insee` | `insee_code`, `code_insee`, `code_commune`, `citycode` |
| or `postal_code` and `city` | `postcode`, `code_postal`, `cp`; `city_name`, `ville`, `commune` |
| `delivered_on` (may be blank) | `date`, `send_date`, `delivered_at`, `assigned_at`, `date_envoi` |

UTF-8 with or without a mark, or Windows-1252; commas, semicolons or tabs; dates as 2024-05-31 or
31/05/2024.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final
from unicodedata import combining, normalize
from uuid import UUID

import msgspec

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "client_id": ("client",),
    "email": ("mail", "client_email", "client_mail", "courriel", "e_mail"),
    "address": ("adresse", "address_raw"),
    "insee": ("insee_code", "code_insee", "code_commune", "citycode"),
    "postal_code": ("postcode", "code_postal", "cp"),
    "city": ("city_name", "ville", "commune"),
    "delivered_on": ("date", "send_date", "delivered_at", "assigned_at", "date_envoi"),
}
MOST_LINES_OF_A_ROW: Final = 5
"""So many lines an address in quotes may take; beyond that a quote is a stray one."""
LONGEST: Final = 300
LINE_END: Final = re.compile("\r\n|\n|\r")
FRENCH_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
CODE: Final = re.compile(r"(\d{4,5}|2[ABab]\d{3})(?:\.0)?")
"""A spreadsheet may have taken the zero from its front, or added one behind a point."""


class HistoryError(Exception):
    """A file that cannot be read as a history; the text is a sentence."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as its line tells it; blank is what it does not tell."""

    line: int
    client_id: UUID | None = None
    email: str = ""
    address: str = ""
    insee: str = ""
    postal_code: str = ""
    city: str = ""
    delivered_on: date | None = None
    reason: str | None = None
    """Why it cannot be taken, as far as the line itself shows."""


def read(path: Path) -> list[Row]:
    """Every line below the header that is not blank."""
    lines = LINE_END.split(_text(path))
    if not lines or not lines[0].strip():
        raise HistoryError(f"{path} has no header")
    separator = max(";,\t", key=lines[0].count)
    header = [_folded(name) for name in next(csv.reader([lines[0]], delimiter=separator))]
    columns = _columns(header, path)
    return [_row(at, fields, columns, len(header)) for at, fields in _fields(lines, separator)]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _folded(name: str) -> str:
    letters = "".join(sign for sign in normalize("NFD", name.lower()) if not combining(sign))
    return re.sub("[^a-z]+", "_", letters).strip("_")


def _columns(header: list[str], path: Path) -> Mapping[str, int]:
    found = {
        name: at
        for at, given in reversed(list(enumerate(header)))
        for name, others in NAMES.items()
        if given in {name, *others}
    }
    lacking = [
        told
        for told, names in (
            ("email or client_id", {"email", "client_id"}),
            ("address", {"address"}),
            ("insee or postal_code", {"insee", "postal_code"}),
            ("delivered_on", {"delivered_on"}),
        )
        if not names & found.keys()
    ]
    if lacking:
        raise HistoryError(
            f"{path} has no column {', none '.join(lacking)}: see the header's names"
        )
    return found


def _fields(lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row with its first line; a quote that nobody closes costs its line alone."""
    at = 1
    while at < len(lines):
        taken = _length(lines, at)
        text = "\n".join(lines[at : at + taken])
        if text.strip():
            yield at + 1, next(csv.reader([text], delimiter=separator), [])
        at += taken


def _length(lines: list[str], at: int) -> int:
    quotes = 0
    for length, line in enumerate(lines[at : at + MOST_LINES_OF_A_ROW], 1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            return length
    return 1


def _row(line: int, fields: list[str], columns: Mapping[str, int], width: int) -> Row:
    if len(fields) != width:
        return Row(line=line, reason=f"has {len(fields)} fields where the header has {width}")
    told = {name: fields[at].strip() for name, at in columns.items()}
    if "\0" in "".join(fields) or len(told["address"]) > LONGEST:
        return Row(line=line, reason="holds what is no address")
    try:
        client, delivered_on = _client(told.get("client_id", "")), _day(told["delivered_on"])
        insee, postal_code = (_code(told.get(name, "")) for name in ("insee", "postal_code"))
    except ValueError as error:
        return Row(line=line, reason=str(error))
    return Row(
        line=line,
        client_id=client,
        email=told.get("email", "").lower(),
        address=told["address"],
        insee=insee,
        postal_code=postal_code,
        city=told.get("city", ""),
        delivered_on=delivered_on,
    )


def _client(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise ValueError("has a client_id that is no UUID") from error


def _day(text: str) -> date | None:
    if not text:
        return None
    french = FRENCH_DAY.fullmatch(text.split(" ", maxsplit=1)[0])
    try:
        if french:
            day, month, year = map(int, french.groups())
            return date(year, month, day)
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise ValueError("has a date that is none: write 2024-05-31 or 31/05/2024") from error


def _code(text: str) -> str:
    if not text:
        return ""
    found = CODE.fullmatch(text.replace(" ", ""))
    if not found:
        raise ValueError("has an INSEE or postal code that is none: 5 characters, 01053")
    return found[1].upper().zfill(5)
