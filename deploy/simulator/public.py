"""The public publishers as they are found on the web, each by its own paths.

- files.data.gouv.fr: `/geo-dvf/latest/csv/{year}/…`, the last five years only. A folder is a page
  for GET and nothing for HEAD; a file is a redirect into an object storage.
- data.cquest.org: `/dgfip_dvf/{edition}/valeursfoncieres-{year}.txt`, later `.txt.zip`.
- geo.api.gouv.fr: `/communes` and `/communes/{code}`.
"""

import re
from typing import Final

from msgspec.structs import replace

from deploy.simulator.geo_api import commune, communes
from deploy.simulator.page import JSON, TEXT, ZIP, Page, listing, not_found, redirect
from deploy.simulator.raw import generate_raw, packed
from deploy.simulator.towns import YEARS
from deploy.simulator.tree import Wanted, sales_page

OFFICIAL_YEARS: Final = YEARS[-5:]
EDITIONS: Final = {
    "201904": range(2014, 2019),
    "202110": range(2016, 2022),
    "202204": range(2017, 2022),
    "202304": range(2018, 2023),
    "202404": range(2019, 2024),
    "202504": range(2020, 2025),
}
"""Each delivery of the raw files and its years: five in April, one more in October."""
_FIRST_ZIPPED: Final = "202404"

_OFFICIAL: Final = re.compile(r"(?P<storage>/object-storage)?/geo-dvf/latest/csv/(?P<rest>.*)")
_RAW_FOLDER: Final = re.compile(r"/dgfip_dvf/(?:(?P<edition>\d{6})/)?")
_RAW_FILE: Final = re.compile(
    r"/dgfip_dvf/(?P<edition>\d{6})/valeursfoncieres-(?P<year>\d{4})\.txt(?P<zip>\.zip)?"
)
_COMMUNE: Final = re.compile(r"/communes/(?P<code>\w{5})")


def public_page(path: str, query: dict[str, str], seed: int) -> Page | None:
    """What a public publisher answers at a path; nothing where none of them has such paths."""
    if official := _OFFICIAL.fullmatch(path):
        return _official(path, official["rest"], seed, is_stored=bool(official["storage"]))
    if file := _RAW_FILE.fullmatch(path):
        return _raw_file(path, file["edition"], int(file["year"]), seed, is_zip=bool(file["zip"]))
    if folder := _RAW_FOLDER.fullmatch(path):
        return _raw_folder(path, folder["edition"])
    if path == "/communes":
        return Page(communes(query), JSON)
    if one := _COMMUNE.fullmatch(path):
        found = commune(one["code"], query)
        return Page(found, JSON) if found else not_found(path)
    return None


def _official(path: str, rest: str, seed: int, *, is_stored: bool) -> Page:
    year = rest.partition("/")[0]
    if not rest:
        return replace(listing(path, {f"{year}/": None for year in OFFICIAL_YEARS}), is_folder=True)
    if not (year.isdigit() and int(year) in OFFICIAL_YEARS):
        return not_found(path)
    if rest.endswith("/"):
        page = sales_page(rest, Wanted(path=path, seed=seed, dialect="classic"))
        return replace(page, is_folder=True)
    if is_stored:
        return sales_page(rest, Wanted(path=path, seed=seed, dialect="classic"))
    found = sales_page(rest, Wanted(path=path, seed=seed, dialect="classic"))
    return redirect(f"/object-storage{path}") if found.is_found else found


def _raw_folder(path: str, edition: str | None) -> Page:
    if edition is None:
        return listing(path, {f"{edition}/": None for edition in EDITIONS})
    if edition not in EDITIONS:
        return not_found(path)
    suffix = _suffix(edition)
    return listing(path, {f"valeursfoncieres-{y}{suffix}": None for y in EDITIONS[edition]})


def _raw_file(path: str, edition: str, year: int, seed: int, *, is_zip: bool) -> Page:
    if year not in EDITIONS.get(edition, ()) or is_zip != (_suffix(edition) == ".txt.zip"):
        return not_found(path)
    text = generate_raw(year, seed, edition)
    if is_zip:
        return Page(packed(text, f"valeursfoncieres-{year}.txt"), ZIP)
    return Page(text.encode(), TEXT)


def _suffix(edition: str) -> str:
    return ".txt.zip" if edition >= _FIRST_ZIPPED else ".txt"
