"""Doors that clients have received: their public ids, and doors that are opposed."""

from uuid import NAMESPACE_URL, uuid4, uuid5

from libs.common.postgres import Connection


def address(door: str) -> str:
    """The public id of a door."""
    return str(uuid5(NAMESPACE_URL, f"urn:trackimmo:home:{door}"))


async def oppose(admin: Connection, *doors: str) -> None:
    """Have doors shown no more, as an opposition does."""
    async with admin.transaction():
        await admin.execute("set local session_replication_role = replica")  # no keys are checked
        await admin.executemany(
            "insert into scraper.opposed_door (home_key, opposition_id) values ($1, $2)",
            [(door, uuid4()) for door in doors],
        )
