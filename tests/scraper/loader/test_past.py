"""Addresses that clients received from the old system, when a load brings their doors."""

import asyncio
from uuid import UUID

from services.scraper.repository import store_places
from services.scraper.repository.prices import ONE_AT_A_TIME
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
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
KEEP = "select pg_try_advisory_lock(hashtextextended('assigner.client ' || $1::text, 0))"
LET_GO = "select pg_advisory_unlock(hashtextextended('assigner.client ' || $1::text, 0))"


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


async def test_clients_are_not_kept_while_a_load_waits_for_others(scraper: Scraper):
    """A delivery waits for its client, ten seconds at most; prices of a department may take longer."""
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await scraper.connection.execute(PAST, CLIENT, ["7 rue du Lac"])
    other, chooser = [await scraper.database.connect("scraper") for _ in range(2)]

    async with asyncio.timeout(30), asyncio.TaskGroup() as group, other.transaction():
        await other.execute(ONE_AT_A_TIME, "01")
        group.create_task(scraper.refreshed("01053"))
        while not await other.fetchval(WAITING):  # noqa: ASYNC110  a lock, no event of this process
            await asyncio.sleep(0.01)
        assert await chooser.fetchval(KEEP, str(CLIENT))
        assert await chooser.fetchval(LET_GO, str(CLIENT))

    admin = await scraper.database.connect()
    assert len(await admin.fetch(GIVEN, CLIENT)) == 1
