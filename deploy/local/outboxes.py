"""Everything said in 30 days said again: what rebuilds a broker that came back empty."""

import asyncpg

from deploy.local.settings import SERVICES


class Replay:
    """Marks what was published as unpublished, so that the relays publish it once more.

    Nobody relays meanwhile: the services fell with the broker. Consumers know by its id an event
    that comes again.
    """

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self.due = False
        """Whether a broker was found empty and nothing has been marked since."""

    async def everything(self) -> int:
        """How many events of the last 30 days will be published again."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            async with connection.transaction():
                counts = [await connection.fetchval(_again(schema)) for schema in SERVICES]
        finally:
            await connection.close()
        self.due = False
        return sum(counts)


def _again(schema: str) -> str:
    return f"select {schema}.replay_outbox('-infinity')"


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
