"""Keeps how the system is, for the console to draw."""

from services.gateway.repository.console import vitals
from services.gateway.routes.ports import Reading


async def sample(reading: Reading) -> None:
    """Write the present half minute, if no gateway has."""
    async with reading() as connection:
        await vitals.sample(connection)
