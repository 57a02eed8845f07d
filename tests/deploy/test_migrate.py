from datetime import timedelta

from deploy.migrate import migrate
from tests.support.database import Database


async def test_migrating_again_changes_nothing(database: Database) -> None:
    admin = await database.connect()
    before = await admin.fetch("select schemaname, tablename from pg_tables order by 1, 2")

    migrate(database.url() + "?sslmode=disable")

    assert await admin.fetch("select schemaname, tablename from pg_tables order by 1, 2") == before


async def test_the_clock_moves_for_open_and_new_sessions(database: Database) -> None:
    opened = await database.connect("gateway")

    await database.advance(timedelta(days=40))

    later = "select public.clock() - clock_timestamp() > '39 days'"
    assert await opened.fetchval(later)
    assert await (await database.connect("scraper")).fetchval(later)
