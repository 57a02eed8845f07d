"""To which department a line of a sales file belongs."""

import csv
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from services.scraper.domain import department_of
from services.scraper.sales.source import SalesFile

Route = Callable[[bytes], str]
"""From a line to its department; nothing for a line that names none."""

# All that there are, and no more: each will have a file of its own.
_DEPARTMENT: Final = re.compile(r"0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[4-9]")
_RAW_CODE: Final = re.compile(r"(\d{1,3}|2[AB])(?:\.0)?")
_INSEE_CODE: Final = re.compile(r"\d[\dAB]\d{3}")
_OVERSEAS: Final = "97"
_QUOTE: Final = b'"'
_FEW: Final = 65_536


def route_of(file: SalesFile) -> Route:
    """How lines below this header are told apart, whichever of both layouts it is."""
    if file.is_raw:
        return _raw_route(file.columns.index("department"), file.columns.index("commune"))
    return _geo_route(file.columns.index("code_commune"))


def _raw_route(department_at: int, commune_at: int) -> Route:
    """By `Code departement`; some copies lost its zero, some say 97 and 105 for 971 and 05."""
    end = max(department_at, commune_at) + 1

    def route(line: bytes) -> str:
        fields = line.split(b"|", end)
        if len(fields) < end:
            return ""
        department = _of_raw_code(fields[department_at])
        if department == _OVERSEAS:
            return _known(_OVERSEAS + _of_commune(fields[commune_at])[:1])
        return department

    return route


def _geo_route(commune_at: int) -> Route:
    """By `code_commune`: that is what decides later whose sale it is, and every dialect has it."""
    end = commune_at + 1

    def route(line: bytes) -> str:
        if _QUOTE in line:
            return _of_quoted(line, commune_at)
        fields = line.split(b",", end)
        return _of_insee_code(fields[commune_at]) if len(fields) >= end else ""

    return route


def _of_quoted(line: bytes, commune_at: int) -> str:
    fields = next(csv.reader([line.decode(errors="replace")]), [])
    return _of_insee_code(fields[commune_at].encode()) if len(fields) > commune_at else ""


@lru_cache(_FEW)
def _of_insee_code(code: bytes) -> str:
    text = code.decode(errors="replace").strip()
    return _known(department_of(text)) if _INSEE_CODE.fullmatch(text) else ""


@lru_cache(_FEW)
def _of_raw_code(code: bytes) -> str:
    found = _RAW_CODE.fullmatch(code.decode(errors="replace"))
    return _known(found[1].zfill(2), _OVERSEAS) if found else ""


def _of_commune(code: bytes) -> str:
    return code.decode(errors="replace").removesuffix(".0")


def _known(department: str, *others: str) -> str:
    return department if _DEPARTMENT.fullmatch(department) or department in others else ""
