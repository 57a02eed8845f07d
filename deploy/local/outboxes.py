"""Everything said in 30 days said again: what rebuilds a broker that came back empty."""

import asyncpg

from deploy.local.settings import SERVICES


async def mark_unpublished(admin_url: str) -> int:
    """How many published rows the relays will publish once more; consumers know them by id."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            answers = [await connection.execute(_again(schema)) for schema in SERVICES]
    finally:
        await connection.close()
    return sum(int(answer.rpartition(" ")[2]) for answer in answers)


def _again(schema: str) -> str:
    return f"""
        update {schema}.outbox set published_at = null
        where published_at is not null and created_at > public.clock() - interval '30 days'
    """  # noqa: S608 - the schema is one of ours


async def give_passwords(admin_url: str, password: str) -> None:
    """The services' roles log in with this password, where they have none of their own."""
    connection = await asyncpg.connect(admin_url)
    try:
        without = await connection.fetch(
            "select rolname from pg_authid where rolname = any($1) and rolpassword is null",
            SERVICES,
        )
        for row in without:
            statement = await connection.fetchval(
                "select format('alter role %I password %L', $1::text, $2::text)",
                row["rolname"],
                password,
            )
            await connection.execute(statement)
    finally:
        await connection.close()
