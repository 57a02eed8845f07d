"""The scraper reads from these files exactly what was put in."""

from collections import Counter
from datetime import date

import polars as pl
import pytest

from deploy.simulator import generate
from deploy.simulator.layout import DIALECTS, Dialect
from deploy.simulator.towns import TOWNS, YEARS, sells_in
from deploy.simulator.traits import HOME, outcome
from deploy.simulator.year import deeds
from services.scraper.sales import Reading, read_sales

MOVED = {old: town.insee for town in TOWNS.values() for old in town.former}


def reading(insee: str, year: int, dialect: Dialect = "classic") -> Reading:
    content = generate(insee, year, 1, dialect).encode()
    return read_sales(content, name=f"{insee}.csv", moved=MOVED)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("insee", TOWNS)
def test_homes_and_rejections_are_those_that_were_made(insee, dialect):
    read = reading(insee, 2019, dialect)
    made = Counter(outcome(deed.trait) for deed in deeds(insee, 2019))
    assert read.bad_lines == 0
    assert read.groups == made.total()
    assert read.homes == made.pop(HOME)
    assert read.rejected == made
    assert min(made.values()) > 0


@pytest.mark.parametrize("insee", ["01053", "01426", "2A004", "69383"])
def test_both_dialects_give_identical_sales(insee):
    columns = ("property_id", "insee_code", "kind", "rejected", "sold_on", "price_cents", "lots")
    classic, rewrite = (
        reading(insee, 2020, dialect).sales.select(columns).sort("property_id")
        for dialect in DIALECTS
    )
    assert classic.equals(rewrite)


def test_the_window_holds_over_a_thousand_doors_and_none_of_them_twice():
    years = [year for year in (2018, 2019, 2020) if sells_in("75111", year)]
    sales = pl.concat([reading("75111", year).sales for year in years])
    window = pl.col("sold_on").is_between(date(2018, 11, 21), date(2020, 11, 21))
    doors = sales.filter(window, pl.col("postable"), pl.col("rejected").is_null())["home_key"]
    resold = 5
    assert doors.n_unique() > 1000
    assert doors.len() - doors.n_unique() <= resold


def test_a_resale_bears_the_door_of_the_first_sale():
    sales = pl.concat([reading("94068", year).sales for year in (2019, 2021)])
    homes = sales.filter(pl.col("rejected").is_null())
    twice = homes.filter(pl.col("home_key").is_duplicated()).group_by("home_key").agg("sold_on")
    assert twice.height == sum(deed.trait == "resale" for deed in deeds("94068", 2021))
    assert all({day.year for day in days} == {2019, 2021} for days in twice["sold_on"].to_list())


def test_every_town_lies_where_its_homes_do():
    for insee, town in TOWNS.items():
        sales = reading(insee, YEARS[-1]).sales
        away = ((pl.col("latitude") - town.latitude).abs() > 0.05) | (
            (pl.col("longitude") - town.longitude).abs() > 0.07
        )
        assert sales.filter(away).is_empty()
        assert sales["latitude"].count() > 0.9 * sales.height
