"""Choices that wait for positions, and what works them off."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from deploy.simulator import Publisher
from libs.common.envelope import Received
from libs.common.events import PropertiesReady
from libs.common.outbox import transaction
from libs.common.postgres import Connection
from libs.egress import egress
from services.assigner.geocoder import Geoplateforme
from services.assigner.handlers.assigning import assign
from services.assigner.handlers.settling import Settler
from services.assigner.handlers.telling import telling
from services.assigner.main import opener
from services.assigner.repository.choices import PostgresChoices
from services.assigner.repository.positions import PostgresPositions
from tests.assigner.stock import AGES, RULE
from tests.support.database import Database

TOLD = """
    select convert_from(payload, 'utf8')::jsonb as event, headers from outbox
    where topic = 'properties.assigned' order by seq
"""


async def choose(
    connection: Connection, *received: Received[PropertiesReady], asking: bool = True
) -> None:
    """What the assigner does about these events, with or without a geocoder."""
    async with transaction(connection) as emit:
        positions = PostgresPositions(connection)
        async with telling(emit, positions=positions, asking=asking) as tell:
            choices = PostgresChoices(connection, RULE)
            await assign(received, choices=choices, emit=tell, ages=AGES)


@asynccontextmanager
async def settler(
    database: Database, site: Publisher | None, fault: str = ""
) -> AsyncGenerator[Settler]:
    """One process's settler, which asks the simulated service."""
    pool = await database.pool("assigner")
    allowed = [f"127.0.0.1:{site.server_port}"] if site else []
    prefix = f"/faults/{fault}" if fault else ""
    async with egress(allowed) as web:
        yield Settler(
            open_books=opener(pool, asyncio.Event()),
            geocoder=Geoplateforme(web, f"{site.url}{prefix}/geocodage") if site else None,
            wake=asyncio.Event(),
        )


async def told(connection: Connection) -> list[Any]:
    """The choices that have been told, each with its headers."""
    return await connection.fetch(TOLD)


async def delivered(connection: Connection) -> list[Any]:
    return await connection.fetch("select * from delivered order by client_id, position")
