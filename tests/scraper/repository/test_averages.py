"""What a square metre costs: medians of our own sales, told otherwise by other means."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from services.scraper.domain import Source
from services.scraper.repository import store_places
from services.scraper.sales import read_sales
from tests.scraper.department import imported
from tests.scraper.loader.test_stock import first_read
from tests.scraper.stage import Scraper, Shelf, flat, place

BOURG: Final = "01053"
AVERAGES: Final = "select house_price_avg, apartment_price_avg from city where insee_code = $1"


async def test_averages_are_medians_per_square_metre(scraper: Scraper, shelf: Shelf):
    prices = (100_000, 110_000, 500_000)
    await first_read(
        scraper,
        *(flat("2019-05-02", n, valeur_fonciere=price) for n, price in enumerate(prices, 1)),
        flat("2019-05-03", 9, valeur_fonciere=240_000, surface_reelle_bati=100, code_type_local=1),
        flat("2019-05-04", 10, valeur_fonciere=200),  # no price that anybody believes
        shelf=shelf,
    )

    row = await scraper.row(
        "select house_price_avg, apartment_price_avg from city where insee_code = '01053'"
    )

    assert tuple(row) == (2400, 2200)


def medians(files: Iterable[Path]) -> tuple[int, int]:
    """Of houses and of flats, sale by sale, by the rule as it is written: none that is suspect."""
    prices: dict[str, list[float]] = {"house": [], "apartment": []}
    seen: set[str] = set()
    for file in files:
        for sale in read_sales(file, name=file.name).sales.iter_rows(named=True):
            told = sale["price_cents"] and sale["surface_m2"]
            if (
                told
                and not sale["suspect"]
                and sale["kind"] in prices
                and sale["insee_code"] == BOURG
            ):
                if sale["property_id"] not in seen:
                    prices[sale["kind"]].append(sale["price_cents"] / 100 / sale["surface_m2"])
                seen.add(sale["property_id"])
    return round(median(prices["house"])), round(median(prices["apartment"]))


async def averages_of(scraper: Scraper, insee: str) -> tuple[Any, ...]:
    return tuple(await scraper.row(AVERAGES, insee))


async def test_real_sales_have_the_medians_that_python_finds(scraper: Scraper, shared_data: Path):
    folder = shared_data / "sales" / "geo-dvf"
    files = sorted(folder.glob("*/communes/01/01053.csv"))
    scraper.ask(f"file://{folder}/{{year}}/communes/{{department}}/{{insee}}.csv")

    await scraper.refreshed(BOURG)

    assert len(files) == 4
    assert await averages_of(scraper, BOURG) == medians(files)


async def test_an_import_finds_the_same_as_the_refresh_of_a_city(
    scraper: Scraper, shared_data: Path, tmp_path: Path
):
    folder = shared_data / "sales" / "geo-dvf"
    await store_places(scraper.connection, [place(BOURG)], {})
    files = sorted(folder.glob("*/communes/01/01053.csv"))
    for file in files:
        target = tmp_path / file.parts[-4] / "01.csv"
        target.parent.mkdir()
        target.symlink_to(file)
    scraper.ask(f"file://{tmp_path}/{{year}}/{{department}}.csv")

    row = await imported(scraper)

    assert row["state"] == "done"
    assert await averages_of(scraper, BOURG) == medians(files)


async def test_paris_has_the_median_of_all_its_arrondissements(
    scraper: Scraper, places: None, tmp_path: Path
):
    """Of their sales together, not of their medians; by an import as by its last arrondissement."""
    prices = {"75101": (100_000, 110_000, 120_000), "75102": (500_000,)}
    shelf = Shelf(tmp_path / "paris")
    shelf.put(2019, *paris(prices))
    whole = shelf.folder / "2019" / "75.csv"
    shelf.path(2019).rename(whole)
    scraper.ask(Source("geo-dvf", f"file://{shelf.folder}/{{year}}/{{department}}.csv"))

    await imported(scraper, code="75")

    assert await averages_of(scraper, "75101") == (None, 2200)
    assert await averages_of(scraper, "75056") == (None, 2300)
    fresh = "select count(*) from city where last_scraped is not null and first_year = 2018"
    assert await scraper.value(fresh) == 21


def paris(prices: Mapping[str, Sequence[int]]) -> list[dict[str, str]]:
    return [
        flat(
            "2019-05-02",
            at,
            code_commune=code,
            valeur_fonciere=price,
            id_parcelle=f"{code}000AB{at:04}",
        )
        for code, each in prices.items()
        for at, price in enumerate(each, 1)
    ]
