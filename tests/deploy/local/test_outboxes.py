import asyncpg

from deploy.local.outboxes import Replay, give_passwords
from deploy.local.settings import SERVICES
from tests.support.database import Database

SAID = """
    insert into outbox (topic, key, type, payload, created_at, published_at) values
      ('t', 'k', 'fresh', '', public.clock() - interval '29 days', public.clock()),
      ('t', 'k', 'old', '', public.clock() - interval '31 days', public.clock()),
      ('t', 'k', 'waiting', '', public.clock(), null)
"""


async def test_what_was_published_in_30_days_is_published_again(database: Database) -> None:
    for service in SERVICES:
        await (await database.connect(service)).execute(SAID)
    replay = Replay(database.url())
    replay.due = True

    assert await replay.everything() == len(SERVICES)
    assert not replay.due

    for service in SERVICES:
        connection = await database.connect(service)
        left = await connection.fetch("select type from outbox where published_at is null")
        assert {row["type"] for row in left} == {"fresh", "waiting"}


async def test_only_roles_without_a_password_get_one(database: Database) -> None:
    admin = await database.connect()
    await admin.execute("alter role scraper password 'its own'")
    try:
        await give_passwords(database.url(), "it's given")
        assert await _with_password(admin) == set(SERVICES)
        kept = await admin.fetchval("select rolpassword from pg_authid where rolname = 'scraper'")
        await give_passwords(database.url(), "another")
        assert kept == await admin.fetchval(
            "select rolpassword from pg_authid where rolname = 'scraper'"
        )
    finally:
        for service in SERVICES:
            await admin.execute(f"alter role {service} password null")


async def _with_password(admin: asyncpg.Connection) -> set[str]:
    rows = await admin.fetch("select rolname from pg_authid where rolpassword is not null")
    return {row["rolname"] for row in rows}
