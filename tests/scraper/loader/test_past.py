"""Addresses that clients received from the old system, when a load brings their doors."""

from uuid import UUID

from services.scraper.repository import store_places
from tests.scraper.stage import Scraper, place

PAST = """
    insert into past_delivery (insee_code, door_key, client_id, delivered_at)
    select '01053', scraper.door_key(address), $1, '2024-05-31' from unnest($2::text[]) as address
"""
GIVEN = """
    select p.address from assigner.assignment join scraper.property p using (home_key)
    where client_id = $1 order by 1
"""
CLIENT = UUID(int=1)


async def test_a_load_tells_the_assigner_of_every_door_at_a_past_address(scraper: Scraper):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await scraper.connection.execute(PAST, CLIENT, ["7 rue du Lac", "8 r. du lac", "99 rue du Lac"])

    await scraper.refreshed("01053")

    admin = await scraper.database.connect()
    given = [row["address"] for row in await admin.fetch(GIVEN, CLIENT)]
    assert given == ["7 RUE DU LAC", "8 RUE DU LAC"]
    doors = await scraper.connection.fetch("select doors from past_delivery order by door_key")
    assert [row["doors"] for row in doors] == [1, 1, 0]
    assert await scraper.value("select count(*) from assigner.delivered") == 0
