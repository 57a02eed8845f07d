"""Everything said in 30 days said again: what rebuilds a broker that came back empty."""

import asyncio
from datetime import datetime

import asyncpg

from deploy.local.settings import SERVICES


class Replay:
    """Marks what was published as unpublished, so that the relays publish it once more.

    A relay whose events the lost broker had just taken may mark them published a moment after we
    unmarked them: `stragglers` finds those. Consumers know an event that comes again by its id.
    """

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self.due = False
        """Whether a broker was found empty and nothing has been marked since."""
        self._marked_at: datetime | None = None

    async def everything(self) -> int:
        """How many events of the last 30 days will be published again."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            async with connection.transaction():
                counts = [await _count(connection, _again(schema)) for schema in SERVICES]
                self._marked_at = await connection.fetchval("select public.clock()")
        finally:
            await connection.close()
        self.due = False
        return sum(counts)

    async def stragglers(self) -> None:
        """Once more, what was marked published within a second of `everything`."""
        if self._marked_at is None:
            return
        await asyncio.sleep(2)
        connection = await asyncpg.connect(self.admin_url)
        try:
            for schema in SERVICES:
                await connection.execute(_late(schema), self._marked_at)
            self._marked_at = None
        finally:
            await connection.close()


async def _count(connection: asyncpg.Connection, statement: str) -> int:
    return int((await connection.execute(statement)).rpartition(" ")[2])


def _again(schema: str) -> str:
    return f"""
        update {schema}.outbox set published_at = null
        where published_at is not null and created_at > public.clock() - interval '30 days'
    """  # noqa: S608 - the schema is one of ours


def _late(schema: str) -> str:
    return f"""
        update {schema}.outbox set published_at = null
        where created_at < $1 and published_at between $1 and $1 + interval '1 second'
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
