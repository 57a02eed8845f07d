"""The folders and files of the sales tree, below `/geo-dvf/` or `/geo-dvf-2026/`."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from deploy.simulator.files import generate, generate_country, generate_department, zipped
from deploy.simulator.layout import Dialect
from deploy.simulator.page import CSV, GZIP, Page, listing, not_found
from deploy.simulator.towns import TOWNS, YEARS, sells_in, towns_of

Sizes = dict[str, int | None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One request for a file or folder of the tree."""

    path: str
    seed: int
    dialect: Dialect
    year: int = 0
    department: str = ""
    insee: str = ""


def sales_page(rest: str, wanted: Wanted) -> Page:
    """The page at a path below the root of the tree."""
    for pattern, page in _TREE.items():
        if found := pattern.fullmatch(rest):
            parts = found.groupdict()
            year = int(parts.pop("year", 0))
            return page(msgspec.structs.replace(wanted, year=year, **parts)) or not_found(
                wanted.path
            )
    return not_found(wanted.path)


def _root(wanted: Wanted) -> Page:
    return _folder(wanted, [f"{year}/" for year in YEARS])


def _year(wanted: Wanted) -> Page | None:
    known = wanted.year in YEARS
    return _folder(wanted, ["communes/", "departements/", "full.csv.gz"]) if known else None


def _departments(wanted: Wanted) -> Page | None:
    codes = _codes(wanted.year)
    return _folder(wanted, [f"{code}/" for code in codes]) if codes else None


def _department_files(wanted: Wanted) -> Page | None:
    codes = _codes(wanted.year)
    return _folder(wanted, [f"{code}.csv.gz" for code in codes]) if codes else None


def _communes(wanted: Wanted) -> Page | None:
    sizes: Sizes = {
        f"{town.insee}.csv": len(
            generate(town.insee, wanted.year, wanted.seed, wanted.dialect).encode()
        )
        for town in towns_of(wanted.department, wanted.year)
    }
    return listing(wanted.path, sizes) if sizes else None


def _commune_file(wanted: Wanted) -> Page | None:
    insee, year = wanted.insee, wanted.year
    if not sells_in(insee, year) or TOWNS[insee].department != wanted.department:
        return None
    text = generate(insee, year, wanted.seed, wanted.dialect)
    if wanted.path.endswith(".gz"):
        return Page(zipped(text), GZIP)
    return Page(text.encode(), CSV)


def _department_file(wanted: Wanted) -> Page | None:
    if not towns_of(wanted.department, wanted.year):
        return None
    text = generate_department(wanted.department, wanted.year, wanted.seed, wanted.dialect)
    return Page(zipped(text), GZIP)


def _country_file(wanted: Wanted) -> Page | None:
    if wanted.year not in YEARS:
        return None
    return Page(zipped(generate_country(wanted.year, wanted.seed, wanted.dialect)), GZIP)


def _codes(year: int) -> list[str]:
    return sorted({town.department for town in TOWNS.values() if sells_in(town.insee, year)})


def _folder(wanted: Wanted, names: list[str]) -> Page:
    return listing(wanted.path, dict.fromkeys(names))


_YEAR: Final = r"(?P<year>\d{4})"
_DEPARTMENT: Final = r"(?P<department>\w{2,3})"
_TREE: Final[dict[re.Pattern[str], Callable[[Wanted], Page | None]]] = {
    re.compile(pattern): page
    for pattern, page in (
        ("", _root),
        (f"{_YEAR}/", _year),
        (f"{_YEAR}/full.csv.gz", _country_file),
        (f"{_YEAR}/communes/", _departments),
        (f"{_YEAR}/communes/{_DEPARTMENT}/", _communes),
        (rf"{_YEAR}/communes/{_DEPARTMENT}/(?P<insee>\w{{5}})\.csv(?:\.gz)?", _commune_file),
        (f"{_YEAR}/departements/", _department_files),
        (rf"{_YEAR}/departements/{_DEPARTMENT}\.csv\.gz", _department_file),
    )
}
