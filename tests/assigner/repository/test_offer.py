"""The facts that go into a delivery: estimate, position, and whose door is not offered."""

from typing import Any

import pytest

from libs.common.postgres import Connection
from tests.assigner.stock import TOWN, add, assigned, home, ready
from tests.support.database import Database

LEVEL = """
    insert into scraper.price_level (area, kind, median_per_m2_eur, low_per_m2_eur, high_per_m2_eur,
      comparables, months, computed_on)
    values ($1, $2, $3, 0.8 * $3::numeric, 1.2 * $3::numeric, 214, 24, '2026-11-21')
"""
ESTIMATE = """
    select estimate_eur, estimate_low_eur, estimate_high_eur, estimate_basis, estimate_comparables
    from delivered
"""


async def delivered(database: Database, **changed: Any) -> Connection:
    """A home of these facts, in stock and then given; whoever reads what was."""
    kind = changed.pop("kind", "house")
    await add(database, [home(home_key="door", kind=kind)])
    admin = await database.connect()
    for column, value in changed.items():
        await admin.execute(f"update scraper.property set {column} = $1", value)  # noqa: S608
    connection = await database.connect("assigner")
    await assigned(connection, ready(count=1, kinds=(kind,)))
    return connection


async def test_the_estimate_is_price_times_surface_in_thousands(database: Database):
    await (await database.connect()).execute(LEVEL, TOWN, "house", 2511)

    connection = await delivered(database, surface_m2=90.5)

    assert await connection.fetch(ESTIMATE) == [(227_000, 182_000, 273_000, "commune", 214)]


async def test_without_sales_in_the_commune_it_is_that_of_the_department(database: Database):
    await (await database.connect()).execute(LEVEL, "01", "house", 2000)

    connection = await delivered(database, surface_m2=100)

    assert await connection.fetch(ESTIMATE) == [(200_000, 160_000, 240_000, "department", 214)]


async def test_land_is_estimated_by_its_own_size(database: Database):
    await (await database.connect()).execute(LEVEL, TOWN, "land", 120)

    connection = await delivered(database, kind="land", surface_m2=None, land_m2=1000)

    assert await connection.fetch(ESTIMATE) == [(120_000, 96_000, 144_000, "commune", 214)]


@pytest.mark.parametrize(
    "kind, surface_m2, per_m2",
    [("house", None, 2500), ("apartment", 90, 2500), ("house", 0.01, 100), ("house", 10**7, 9000)],
)
async def test_where_nothing_can_be_told_there_is_no_estimate(
    database: Database, kind: str, surface_m2: float | None, per_m2: int
):
    """No size, no price of that kind, less than a thousand euros, or more than any home is worth."""
    await (await database.connect()).execute(LEVEL, TOWN, "house", per_m2)

    connection = await delivered(database, kind=kind, surface_m2=surface_m2)

    assert await connection.fetch(ESTIMATE) == [(None,) * 5]


async def test_a_sale_without_a_position_is_set_in_the_middle_of_its_commune(database: Database):
    admin = await database.connect()
    await admin.execute(
        """insert into scraper.place (insee_code, city_id, name, postal_codes, department, region,
             population, search, latitude, longitude)
           values ($1, gen_random_uuid(), 'Bourg', '{01000}', '01', '84', 1, '', 46.205, 5.228)""",
        TOWN,
    )

    connection = await delivered(database, latitude=None, longitude=None)

    where = "select latitude, longitude, position_source from delivered"
    assert await connection.fetch(where) == [(46.205, 5.228, "commune")]


async def test_an_opposed_door_is_never_chosen(database: Database):
    await add(database, [home(home_key="door")])
    admin = await database.connect()
    async with admin.transaction():
        await admin.execute("set local session_replication_role = replica")
        await admin.execute("insert into scraper.opposed_door values ('door', gen_random_uuid())")

    [told] = await assigned(await database.connect("assigner"), ready(count=1))

    assert told.found == 0
