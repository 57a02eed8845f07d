"""Price levels and estimates: each sentence of docs/estimate.md, and all of them as a law."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scraper.repository.prices import price
from tests.scraper.levels import ADD, BOURG, LEVELS, TODAY, Sale, expected, levels, numbers, sold
from tests.scraper.stage import Scraper

ESTIMATES: Final = """
    select insee_code, kind, estimate_per_m2_eur, estimate_low_per_m2_eur,
           estimate_high_per_m2_eur, estimate_basis, estimate_comparables
    from candidate
"""


async def test_the_median_and_quartiles_of_recent_sales_are_said_with_their_number(
    scraper: Scraper,
):
    found = await levels(scraper, [sold(n, 100_000 + 25_000 * n) for n in range(5)])

    assert numbers(found[BOURG, "house"]) == (1250, 1500, 1750, 5, 24)
    assert numbers(found["01", "house"]) == (1250, 1500, 1750, 5, 24)


@pytest.mark.parametrize(
    "oldest, months", [(729, 24), (731, 36), (1095, 36), (1097, 60), (1825, 60)]
)
async def test_as_far_back_as_five_sales_need(scraper: Scraper, oldest: int, months: int):
    found = await levels(scraper, [sold(), sold(), sold(), sold(), sold(oldest)])

    assert found[BOURG, "house"]["months"] == months


async def test_of_four_sales_or_older_ones_nothing_is_said(scraper: Scraper):
    assert await levels(scraper, [sold() for _ in range(4)]) == {}
    assert await levels(scraper, [*(sold() for _ in range(4)), sold(5 * 366)]) == {}


@pytest.mark.parametrize(
    "left_out",
    [
        {"new_build": True},
        {"suspect": True},
        {"kind": "other"},
        {"kind": "commercial"},
        {"surface_m2": None},
        {"kind": "land", "land_m2": 500, "postable": False},
    ],
)
async def test_what_is_no_comparable_is_left_out(scraper: Scraper, left_out: Sale):
    assert await levels(scraper, [sold(**left_out) for _ in range(9)]) == {}


async def test_land_is_measured_by_its_land(scraper: Scraper):
    plots = [sold(kind="land", land_m2=1000, surface_m2=None, price_eur=90_000) for _ in range(5)]

    assert numbers((await levels(scraper, plots))[BOURG, "land"])[:3] == (90, 90, 90)


async def test_prices_that_lie_too_far_apart_say_nothing(scraper: Scraper):
    far = [sold(price_eur=eur) for eur in (100_000, 100_000, 200_000, 310_000, 310_000)]
    found = await levels(scraper, far)

    assert (found[BOURG, "house"]["median_per_m2_eur"], found[BOURG, "house"]["comparables"]) == (
        None,
        5,
    )


async def test_a_candidate_has_its_communes_level_else_its_departments(scraper: Scraper):
    await levels(
        scraper,
        [
            *(sold(n, 100_000) for n in range(6)),
            sold(9, 900_000, insee_code="01001"),
            sold(9, 900_000, insee_code="01001", kind="apartment"),
        ],
    )

    told = {(row[0], row[1]): tuple(row)[2:] for row in await scraper.connection.fetch(ESTIMATES)}

    assert told[BOURG, "house"] == (1000, 1000, 1000, "commune", 6)
    assert told["01001", "house"] == (1000, 1000, 1000, "department", 7)
    assert told["01001", "apartment"] == (None, None, None, None, None)


async def test_estimates_are_read_by_the_assigner(scraper: Scraper):
    await levels(scraper, [sold(n, 100_000) for n in range(6)])
    assigner = await scraper.database.connect("assigner")

    rows = await assigner.fetch(ESTIMATES.replace("from candidate", "from scraper.candidate"))

    assert {row["estimate_per_m2_eur"] for row in rows} == {1000}


async def test_where_the_communes_prices_lie_apart_the_department_is_not_asked(scraper: Scraper):
    far = [
        sold(price_eur=eur, insee_code="01001")
        for eur in (100_000, 100_000, 200_000, 310_000, 310_000)
    ]
    await levels(scraper, [*far, *(sold(price_eur=200_000) for _ in range(50))])

    rows = await scraper.connection.fetch(f"{ESTIMATES} where insee_code = '01001'")

    assert {tuple(row)[2:] for row in rows} == {(None, None, None, None, None)}


async def test_a_level_that_nothing_supports_any_more_goes(scraper: Scraper):
    await levels(scraper, [sold() for _ in range(5)])
    await scraper.database.advance(timedelta(days=2000))

    await price(scraper.connection, "01", [BOURG])

    assert await scraper.connection.fetch(LEVELS) == []


async def test_a_city_alone_moves_no_department_of_a_thousand_sales_until_tomorrow(
    scraper: Scraper,
):
    department = "select comparables from price_level where area = '01'"
    await levels(scraper, [sold() for _ in range(1000)])
    admin = await scraper.database.connect()
    await admin.execute(ADD, [sold(1)])

    await price(scraper.connection, "01", [BOURG])
    today = await scraper.value(department)
    await scraper.database.advance(timedelta(days=1))
    await price(scraper.connection, "01", [BOURG])

    assert (today, await scraper.value(department)) == (1000, 1001)


SALES = st.lists(
    st.builds(
        sold,
        st.integers(0, 2200),
        st.integers(100_000, 250_000),
        insee_code=st.sampled_from([BOURG, "01001", "01002"]),
        kind=st.sampled_from(["house", "apartment", "other"]),
        new_build=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(sales=SALES)
async def test_sql_says_what_the_rule_says(scraper: Scraper, sales: list[Sale]):
    found = await levels(scraper, sales)

    areas: dict[tuple[str, str], list[tuple[date, float]]] = {}
    for sale in sales:
        if sale["kind"] != "other" and not sale["new_build"]:
            for area in (sale["insee_code"], "01"):
                told = areas.setdefault((area, sale["kind"]), [])
                told.append((sale["sold_on"], sale["price_eur"] / 100))
    wanted = {area: expected(prices, TODAY) for area, prices in areas.items()}
    assert set(found) == {area for area, level in wanted.items() if level}
    for area, row in found.items():
        assert numbers(row) == pytest.approx(wanted[area], abs=0.011)
