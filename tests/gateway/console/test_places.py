"""The map of a client: its homes, the outlines of its cities, tiles only where some are configured."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.browser.world import furnish, named
from tests.gateway.console.conftest import Console, Visitor

CLIENT = named("client")
PATH = f"/console/clients/{CLIENT}/places.json"
SQUARE = [[[4.0, 45.6], [4.1, 45.6], [4.1, 45.7], [4.0, 45.6]]]
TILES = {"map_tiles_url": "https://tiles.example/{z}/{x}/{y}.png", "map_tiles_attribution": "© X"}

ASSIGN = """
    insert into assigner.assignment (client_id, home_key, job_id, position, property_id, insee_code,
      city_name, postal_code, address, kind, sold_on, price_eur, latitude, longitude, source, edition)
    select $1, 'many ' || n, uuidv7(), 1, uuidv7(), '42147', 'Montbrison', '42600', n || ' RUE DU LAC',
           'house', '2019-05-02', 100000, 45.6, 4.06, 'geo-dvf', ''
    from generate_series(1, $2::int) as n
"""


async def admin_of(console: Console) -> Any:
    connection = await console.database.connect()
    await connection.execute("set session_replication_role = replica")
    return connection


async def told(console: Console, path: str = PATH) -> Any:
    answer = await console.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_map_is_told_of_homes_with_a_position_and_of_no_others(console: Console):
    await furnish(await console.database.connect())
    admin = await admin_of(console)
    await admin.execute(
        "update assigner.assignment set latitude = null, longitude = null where position = 2"
    )

    found = await told(console)

    expected = await admin.fetch(
        "select address_id from assigner.delivered d where client_id = $1 and latitude is not null"
        " and not exists (select from scraper.opposed o where o.home_key = d.home_key)",
        CLIENT,
    )
    assert {UUID(each["id"]) for each in found["places"]} == {row[0] for row in expected}
    first = found["places"][0]
    assert first["kind"] in found["kinds"]
    assert first["status"] in found["statuses"]
    assert "," in first["label"]
    assert found["tiles"] is None


async def test_the_outlines_are_those_of_the_clients_cities(console: Console):
    await furnish(await console.database.connect())
    admin = await admin_of(console)
    await admin.execute("delete from scraper.outline")
    cities = await admin.fetchval("select chosen_cities from gateway.client where id = $1", CLIENT)
    for code in (cities[0], "01001"):
        await admin.execute(
            "insert into scraper.outline (insee_code, rings, fetched_at)"
            " values ($1, $2, public.clock())",
            code,
            SQUARE,
        )

    [outline] = (await told(console))["outlines"]

    assert (outline["insee_code"], outline["rings"]) == (cities[0], SQUARE)


async def test_paris_is_drawn_by_its_arrondissements_or_else_as_one(console: Console):
    await furnish(await console.database.connect())
    admin = await admin_of(console)
    await admin.execute("delete from scraper.outline; delete from scraper.place")
    await admin.execute("delete from assigner.assignment")
    await admin.execute(
        "insert into scraper.place (insee_code, city_id, name, department, region, search, expands_to)"
        " values ('75056', uuidv7(), 'Paris', 'Paris', 'IDF', 'paris', '{75101,75102}'),"
        " ('75101', uuidv7(), 'Paris 1er', 'Paris', 'IDF', 'paris', '{75101}'),"
        " ('75102', uuidv7(), 'Paris 2e', 'Paris', 'IDF', 'paris', '{75102}')"
    )
    await admin.execute("update gateway.client set chosen_cities = '{75056}' where id = $1", CLIENT)
    put = "insert into scraper.outline (insee_code, rings, fetched_at) values ($1, $2, public.clock())"
    await admin.execute(put, "75056", SQUARE)
    whole = [each["insee_code"] for each in (await told(console))["outlines"]]
    await admin.execute(put, "75102", SQUARE)
    parts = [each["insee_code"] for each in (await told(console))["outlines"]]

    assert (whole, parts) == (["75056"], ["75102"])


async def test_of_many_homes_the_newest_two_thousand_are_told(console: Console):
    await furnish(await console.database.connect())
    admin = await admin_of(console)
    await admin.execute(ASSIGN, CLIENT, 2100)

    assert len((await told(console))["places"]) == 2000


async def test_an_opposed_home_is_on_no_map(console: Console):
    await furnish(await console.database.connect())
    admin = await admin_of(console)
    before = (await told(console))["places"]
    await admin.execute(
        "insert into scraper.opposed_door (home_key, opposition_id) select home_key, uuidv7()"
        " from assigner.delivered where address_id = $1",
        UUID(before[0]["id"]),
    )

    assert (await told(console))["places"] == before[1:]


async def test_tiles_are_named_only_where_they_are_configured(visitor: Visitor):
    console = await visitor(**TILES)
    await console.sign_in()
    await furnish(await console.database.connect())

    found = await told(console)
    page = await console.get("/console/cities")

    assert found["tiles"] == {"url": TILES["map_tiles_url"], "attribution": "© X"}
    assert "img-src 'self' data: https://tiles.example;" in page.headers["content-security-policy"]


async def test_without_tiles_a_page_loads_pictures_from_nowhere_else(console: Console):
    page = await console.get("/console/cities")

    assert "img-src 'self' data:;" in page.headers["content-security-policy"]


@pytest.mark.parametrize("who", [uuid4(), "x"])
async def test_a_client_that_nobody_knows_has_no_map(console: Console, who: object):
    answer = await console.get(f"/console/clients/{who}/places.json")

    assert answer.status_code in {404, 422}


async def test_a_hostile_name_is_data_and_nothing_else(console: Console):
    await furnish(await console.database.connect())
    answer = await console.get(f"/console/clients/{named('client hostile')}/places.json")

    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(answer.text)["places"]
