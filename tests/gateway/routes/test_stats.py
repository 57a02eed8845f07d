import asyncpg

from bench import stocks
from tests.gateway.routes.conftest import Api
from tests.support.database import Database


async def homes(api: Api) -> int:
    return (await api.get("/admin/stats")).json()["total_properties"]


async def counted(admin: asyncpg.Connection) -> int:
    return await admin.fetchval("select count(*) from scraper.candidate") or 0


async def test_homes_on_offer_are_counted(api: Api, database: Database):
    admin = await database.connect()
    await stocks.fill(admin, sales=31_250, seed=1)
    assert await homes(api) == await counted(admin) > 0


async def test_millions_of_homes_are_not_counted_one_by_one(api: Api, database: Database):
    admin = await database.connect()
    await stocks.fill(admin, sales=140_625, seed=1)
    assert 0.95 < await homes(api) / await counted(admin) < 1.05

    seen = "update pg_class set reltuples = 7e6 where oid = 'scraper.property_one_offer'::regclass"
    await admin.execute(seen)
    assert await homes(api) == 7_000_000
