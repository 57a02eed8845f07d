"""Price levels of real files, as plain Python finds them, and how they come with a load."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.scraper.repository import store_places
from services.scraper.sales import read_sales
from tests.scraper.department import imported
from tests.scraper.levels import BOURG, LEVELS, expected, numbers
from tests.scraper.stage import NOON, Scraper, Shelf, flat, place


def real_prices(files: Iterable[Path]) -> Mapping[tuple[str, str], list[tuple[date, float]]]:
    """Price per square metre of each real sale that is a comparable, by commune and kind."""
    return _collected(
        sale
        for file in files
        for sale in read_sales(file, name=file.name).sales.iter_rows(named=True)
    )


def _collected(
    sales: Iterator[dict[str, Any]],
) -> Mapping[tuple[str, str], list[tuple[date, float]]]:
    prices: dict[tuple[str, str], list[tuple[date, float]]] = {}
    seen: set[str] = set()
    for sale in sales:
        m2 = sale["land_m2"] if sale["kind"] == "land" else sale["surface_m2"]
        is_known = sale["property_id"] in seen
        seen.add(sale["property_id"])
        if is_known or not m2 or sale["suspect"] or sale["new_build"] or not sale["price_cents"]:
            continue
        if sale["kind"] in {"house", "apartment"} or (sale["kind"] == "land" and sale["postable"]):
            told = prices.setdefault((sale["insee_code"], sale["kind"]), [])
            told.append((sale["sold_on"], sale["price_cents"] / 100 / float(m2)))
    return prices


@pytest.mark.parametrize(
    "insee, today, pinned",
    [
        (
            BOURG,
            date(2021, 12, 31),
            {
                "house": (1674.03, 2001.49, 2416.11, 240, 24),
                "apartment": (1339.22, 1637.93, 1995.44, 781, 24),
                "land": (66.02, 137.67, 195.53, 27, 24),
            },
        ),
        (
            "64260",
            date(2023, 12, 31),
            {
                "house": (4146.39, 5000, 6100.41, 103, 24),
                "apartment": (3862.75, 4775.12, 5853.03, 690, 24),
            },
        ),
    ],
)
async def test_real_files_have_the_levels_that_python_finds(
    scraper: Scraper,
    shared_data: Path,
    insee: str,
    today: date,
    pinned: Mapping[str, tuple[float, ...]],
):
    folder = shared_data / "sales" / "geo-dvf"
    scraper.ask(f"file://{folder}/{{year}}/communes/{{department}}/{{insee}}.csv")
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    await scraper.database.advance(noon - NOON)

    await scraper.refreshed(insee)

    prices = real_prices(sorted(folder.glob(f"*/communes/*/{insee}.csv")))
    rows = {
        row["kind"]: row for row in await scraper.connection.fetch(LEVELS) if row["area"] == insee
    }
    assert {kind for area, kind in prices if area == insee} == set(rows)
    for kind, row in rows.items():
        level = expected(prices[insee, kind], today)
        assert level is not None
        if row["median_per_m2_eur"] is None:
            assert level[2] > 3 * level[0]
        else:
            assert numbers(row) == pytest.approx(level, abs=0.011)
    assert {kind: numbers(rows[kind]) for kind in pinned} == pinned


async def test_an_import_prices_its_communes_and_the_department(scraper: Scraper, shelf: Shelf):
    await store_places(scraper.connection, [place(BOURG), place("01001")], {})
    lines = [
        flat("2026-05-02", n, valeur_fonciere=100_000 + n, code_commune=code)
        for code, count in ((BOURG, 6), ("01001", 2))
        for n in range(1, count + 1)
    ]
    shelf.put(2026, *lines)
    whole = shelf.folder / "2026" / "01.csv"
    shelf.path(2026).rename(whole)
    scraper.ask(f"file://{shelf.folder}/{{year}}/{{department}}.csv")

    await imported(scraper)

    found = await scraper.connection.fetch(
        "select area, comparables from price_level order by area"
    )
    assert [tuple(row) for row in found] == [("01", 8), (BOURG, 6)]


async def test_a_place_without_a_centre_has_the_middle_of_its_sales(scraper: Scraper):
    centre = "select distinct centre_latitude, centre_longitude from candidate"
    await scraper.refreshed(BOURG)
    middle = tuple(await scraper.row(centre))

    told = place(BOURG, latitude=46.205, longitude=5.228)
    await store_places(scraper.connection, [told], {})

    assert middle == (46.2, 5.2)
    assert tuple(await scraper.row(centre)) == (46.205, 5.228)
