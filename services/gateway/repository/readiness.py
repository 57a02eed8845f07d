"""Whether the database is the one that this program was written for."""

import asyncio
from pathlib import Path
from typing import Final

from libs.common import postgres, service
from libs.common.settings import CommonSettings

MIGRATIONS: Final = {
    path.name.partition("_")[0]
    for path in (Path(__file__).resolve().parents[1] / "migrations").glob("*.sql")
}
"""The numbers of those that we came with."""

APPLIED: Final = "select version from migration"


async def missing(settings: CommonSettings) -> str:
    """What keeps us from serving, or nothing: PostgreSQL, or one of our migrations."""
    if problem := await service.database_problem(settings):
        return problem
    try:
        async with (
            asyncio.timeout(service.READY_SECONDS),
            postgres.connection(settings.database_url) as connection,
        ):
            applied = {row["version"] for row in await connection.fetch(APPLIED)}
    except postgres.FAILED as error:
        return f"PostgreSQL does not tell which migrations it has: {type(error).__name__}"
    lacking = ", ".join(sorted(MIGRATIONS - applied))
    return f"Migrations of the gateway are missing: {lacking}" if lacking else ""
