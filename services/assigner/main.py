"""The assigner as a process: `python -m services.assigner.main`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from libs.common import outbox, postgres, service
from libs.common.consumer import Consumer, Handlers
from libs.common.envelope import Received
from libs.common.events import ClientErased, PropertiesReady
from libs.common.outbox import Emit
from libs.common.postgres import Connection, Pool
from libs.common.settings import load
from libs.egress import egress
from services.assigner import metrics
from services.assigner.geocoder import REQUESTS_A_SECOND, Geoplateforme
from services.assigner.handlers import assigning, erasing
from services.assigner.handlers.ports import Books, OpenBooks
from services.assigner.handlers.settling import ASKERS, Settler
from services.assigner.handlers.telling import telling
from services.assigner.repository import turns
from services.assigner.repository.choices import PostgresChoices
from services.assigner.repository.positions import PostgresPositions
from services.assigner.repository.upkeep import keep
from services.assigner.settings import AssignerSettings

NAME: Final = "assigner"


def consumer(
    settings: AssignerSettings, wake: asyncio.Event, waiting: asyncio.Event | None = None
) -> Consumer:
    """Which events the assigner handles, and how; `waiting` is set when a choice begins to wait."""
    rule, asking = settings.rule, bool(settings.geocoder_url)

    async def assign(connection: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        choices, positions = PostgresChoices(connection, rule), PostgresPositions(connection)
        async with telling(emit, positions=positions, asking=asking) as tell:
            await assigning.assign(received, choices=choices, emit=tell, ages=rule.ages)
        if asking and waiting:
            waiting.set()

    async def erase(connection: Connection, received: Sequence[Received[Any]], _: Emit) -> None:
        await erasing.erase(received, choices=PostgresChoices(connection, rule))

    table: Handlers = {PropertiesReady: assign, ClientErased: erase}
    return Consumer(name=NAME, handlers=table, steps={PropertiesReady: "assign"}, wake=wake)


def opener(pool: Pool, wake: asyncio.Event) -> OpenBooks:
    """Opens a transaction on awaited positions, and wakes the relay after its commit."""

    @asynccontextmanager
    async def open_books() -> AsyncGenerator[Books]:
        async with pool.acquire() as connection, outbox.transaction(connection, wake) as emit:
            yield Books(PostgresPositions(connection), emit)

    return open_books


async def main() -> None:
    """Run until told to stop."""
    settings, wake, waiting = load(AssignerSettings), asyncio.Event(), asyncio.Event()
    consuming = service.Consuming(settings, consumer(settings, wake, waiting))
    pool = await postgres.connect_pool(settings.database_url, min_size=0, max_size=ASKERS + 2)
    async with pool, egress(settings.egress_allow) as client:
        url, turn = settings.geocoder_url, partial(turns.take, pool, REQUESTS_A_SECOND)
        settler = Settler(
            open_books=opener(pool, wake),
            geocoder=Geoplateforme(client, url, turn) if url else None,
            wake=waiting,
        )
        await service.run(
            NAME,
            settings,
            *consuming.tasks(),
            settler.run(),
            keep(settings.database_url, settings.rule),
            wake=wake,
            ready=consuming.ready,
            gauges=metrics.GAUGES,
        )


if __name__ == "__main__":
    service.start(NAME, main)
