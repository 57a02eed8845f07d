"""The simulated publisher: from a path to a page.

- `/geo-dvf/{year}/communes/{department}/{insee}.csv` (`.csv.gz` too), with its folders' listings
- `/geo-dvf/{year}/departements/{department}.csv.gz` and `/geo-dvf/{year}/full.csv.gz`
- `/geo-dvf-2026/…`, or `?dialect=2026`: the same sales as the rewrite of July 2026 spells them
- `/places/communes.csv`: the table of communes; `/geo/communes`: the API Géo's answers
- `POST /geocodage/search/csv`: the geocoding service (see `geocoder`), with faults of its own
- the paths of the public publishers themselves (see `public`)
- `/faults/{name}/…` before any of them: the answer of a publisher in trouble (see `faults`)
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from deploy.simulator.faults import FAULTS, spoil
from deploy.simulator.geo_api import COMMUNES_CSV
from deploy.simulator.page import CSV, Page, listing, not_found
from deploy.simulator.public import public_page
from deploy.simulator.tree import Wanted, sales_page

_FAULT: Final = re.compile(r"/faults/(?P<fault>[^/]+)(?P<rest>/.*)")
_SALES: Final = re.compile(r"/geo-dvf(?P<rewrite>-2026)?/(?P<rest>.*)")
_FOLDERS: Final = {
    "/": ("geo-dvf/", "geo-dvf-2026/", "places/"),
    "/places/": ("communes.csv",),
}


@lru_cache(maxsize=128)
def answer(target: str, seed: int) -> Page:
    """The page at a path with its query; the same for the same seed."""
    url = urlsplit(target)
    if faulty := _FAULT.fullmatch(url.path):
        if faulty["fault"] not in FAULTS:
            return not_found(url.path)
        page = answer(f"{faulty['rest']}?{url.query}", seed)
        return spoil(faulty["fault"], page, faulty["rest"])
    query = dict(parse_qsl(url.query))
    if page := public_page(url.path, query, seed):
        return page
    if sales := _SALES.fullmatch(url.path):
        rewrite = sales["rewrite"] or query.get("dialect") == "2026"
        dialect = "2026" if rewrite else "classic"
        return sales_page(sales["rest"], Wanted(path=url.path, seed=seed, dialect=dialect))
    return _places(url.path, query)


def _places(path: str, query: dict[str, str]) -> Page:
    if path == "/places/communes.csv":
        return Page(COMMUNES_CSV, CSV)
    if path.startswith("/geo/communes"):
        return public_page(path.removeprefix("/geo"), query, 0) or not_found(path)
    if path in _FOLDERS:
        return listing(path, dict.fromkeys(_FOLDERS[path]))
    return not_found(path)
