"""The bytes of a sales file, unpacked, and its header, checked by name."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

import msgspec

from libs.common.errors import PermanentError
from services.scraper.sales.raw import is_raw, raw_columns

REQUIRED: Final = (
    "date_mutation",
    "numero_disposition",
    "nature_mutation",
    "valeur_fonciere",
    "adresse_numero",
    "adresse_suffixe",
    "adresse_nom_voie",
    "code_postal",
    "code_commune",
    "nom_commune",
    "id_parcelle",
    *(f"lot{n}_numero" for n in range(1, 6)),
    *(f"lot{n}_surface_carrez" for n in range(1, 6)),
    "code_type_local",
    "surface_reelle_bati",
    "nombre_pieces_principales",
    "code_nature_culture",
    "code_nature_culture_speciale",
    "surface_terrain",
    "longitude",
    "latitude",
)
GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
_NAMED_AT_MOST: Final = 5
BOM: Final = b"\xef\xbb\xbf"
MOST_BYTES: Final = 1024**3
"""A year of all France has half of it."""


class SalesFileError(PermanentError):
    """A file that cannot be read as sales; `code` names why, the message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code: str = code


class SalesFile(msgspec.Struct, frozen=True, kw_only=True):
    """A checked file: its name for messages, its columns in order, its content with the header.

    A raw one has bars between its columns, no quotes, and columns named as in `raw`.
    """

    name: str
    columns: tuple[str, ...]
    content: bytes
    is_raw: bool = False


def open_sales_file(source: Path | bytes, *, name: str, most_bytes: int = MOST_BYTES) -> SalesFile:
    """The file's text as UTF-8 bytes with a header we can read, or the error that names the flaw."""
    packed = source.read_bytes() if isinstance(source, Path) else source
    content = _unpacked(packed, name, most_bytes).removeprefix(BOM)
    _refuse_what_is_no_table(content, name)
    header = _header(content, name)
    raw = is_raw(header)
    columns = _raw_columns(header, name) if raw else _columns(header, name)
    return SalesFile(name=name, columns=columns, content=content, is_raw=raw)


def _unpacked(packed: bytes, name: str, most_bytes: int) -> bytes:
    if packed.startswith(GZIP):
        return _gunzipped(packed, name, most_bytes)
    if packed.startswith(ZIP):
        return _unzipped(packed, name, most_bytes)
    return packed


def _gunzipped(packed: bytes, name: str, most_bytes: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(packed)) as text:
            return _bounded(text, name, most_bytes)
    except EOFError as error:
        raise SalesFileError(
            "truncated_gzip", f"{name} is a gzip file that ends too early: download it again."
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise SalesFileError(
            "damaged_gzip", f"{name} is a damaged gzip file ({error}): download it again."
        ) from error


def _unzipped(packed: bytes, name: str, most_bytes: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = archive.namelist()
            if len(members) == 1:
                with archive.open(members[0]) as text:
                    return _bounded(text, name, most_bytes)
    # Encrypted ones are a RuntimeError, methods that Python does not know a NotImplementedError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise SalesFileError(
            "damaged_zip", f"{name} is a damaged zip file ({error}): download it again."
        ) from error
    raise SalesFileError(
        "damaged_zip", f"{name} is a zip of {len(members)} files; one is expected."
    )


def _bounded(text: IO[bytes] | gzip.GzipFile, name: str, most_bytes: int) -> bytes:
    """All of it, unless a small file unpacks to more than memory should hold."""
    content = text.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise SalesFileError("too_large", f"{name} unpacks to more than {most_bytes:,} bytes.")
    return content


def _refuse_what_is_no_table(content: bytes, name: str) -> None:
    start = content[:512].lstrip().lower()
    if not start:
        raise SalesFileError("empty", f"{name} is empty: not even a header.")
    if start.startswith(b"<"):
        raise SalesFileError("html", f"{name} is a web page, not a table of sales.")
    if b"\0" in content:
        raise SalesFileError("not_text", f"{name} has NUL bytes: that is no text.")


def _header(content: bytes, name: str) -> str:
    end = content.find(b"\n")
    try:
        return (content if end < 0 else content[:end]).rstrip(b"\r").decode()
    except UnicodeDecodeError as error:
        raise SalesFileError("not_utf8", f"{name} is not UTF-8 text.") from error


def _columns(header: str, name: str) -> tuple[str, ...]:
    columns = _named_once(next(csv.reader(header.splitlines()), []))
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise _lacking(missing, "geo-DVF", name)
    return columns


def _raw_columns(header: str, name: str) -> tuple[str, ...]:
    columns, missing = raw_columns(header)
    if missing:
        raise _lacking(missing, "the raw DVF layout", name)
    return columns


def _named_once(found: list[str]) -> tuple[str, ...]:
    """The names as in the files; others write `lot_1_numero` and `surface_relle_bati`."""
    names = [re.sub(r"^lot_(\d)_", r"lot\1_", name.strip()) for name in found]
    names = [name.replace("_relle_", "_reelle_") for name in names]
    return tuple(f"{name}#{at}" if name in names[:at] else name for at, name in enumerate(names))


def _lacking(missing: list[str], layout: str, name: str) -> SalesFileError:
    shown = ", ".join(missing[:_NAMED_AT_MOST]) + (", …" if missing[_NAMED_AT_MOST:] else "")
    sentence = f"{name} lacks {len(missing)} column(s) of {layout}: {shown}."
    return SalesFileError("missing_columns", sentence)
