"""The scraper as a process: `python -m services.scraper.main`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

import httpx
import msgspec
import structlog

from libs.common import outbox, postgres, service
from libs.common.consumer import Consumer, Handlers
from libs.common.envelope import Received
from libs.common.events import ClientProcess
from libs.common.outbox import Emit
from libs.common.postgres import Connection, Pool
from libs.common.settings import load
from libs.egress import egress
from services.scraper import handlers, metrics
from services.scraper.archive import Archive, Store
from services.scraper.handlers import Books, OpenBooks, Worker
from services.scraper.loader import PostgresStock
from services.scraper.places import PlacesError, former_codes, load_places, outline_source
from services.scraper.repository import (
    PlaceRow,
    PostgresCities,
    PostgresJobs,
    PostgresOutlines,
    PostgresRefreshes,
    store_places,
)
from services.scraper.settings import ScraperSettings

log = structlog.get_logger()

NAME: Final = "scraper"
WORKERS: Final = 2  # the publishers are served one file at a time by each; one takes departments
PLACES_EVERY_SECONDS: Final = 24 * 3600
PLACES_AGAIN_SECONDS: Final = 30


def consumer(settings: ScraperSettings, wake: asyncio.Event) -> Consumer:
    """Which events the scraper handles, and how."""

    async def process(
        connection: Connection, received: Sequence[Received[Any]], emit: Emit
    ) -> None:
        await handlers.process_clients(
            received, books=books_on(connection, emit), rules=settings.rules
        )

    table: Handlers = {ClientProcess: process}
    return Consumer(name=NAME, handlers=table, steps={ClientProcess: "scrape"}, wake=wake)


def books_on(connection: Connection, emit: Emit) -> Books:
    """Our tables on a connection whose transaction is open."""
    return Books(
        cities=PostgresCities(connection),
        jobs=PostgresJobs(connection),
        refreshes=PostgresRefreshes(connection),
        stock=PostgresStock(connection),
        emit=emit,
    )


def opener(pool: Pool, wake: asyncio.Event) -> OpenBooks:
    """Opens a transaction on our tables, and wakes the relay after its commit."""

    @asynccontextmanager
    async def open_books() -> AsyncGenerator[Books]:
        async with pool.acquire() as connection, outbox.transaction(connection, wake) as emit:
            yield books_on(connection, emit)

    return open_books


async def keep_places(url: str, pool: Pool, client: httpx.AsyncClient) -> NoReturn:
    """Bring the places to the publisher's list, now and once a day."""
    while True:
        try:
            places = await load_places(url, client)
            rows = [
                PlaceRow(**{name: getattr(place, name) for name in PlaceRow.__struct_fields__})
                for place in places
            ]
            async with pool.acquire() as connection:
                await store_places(connection, rows, former_codes(places))
            log.info("places_loaded", places=len(rows))
            await asyncio.sleep(PLACES_EVERY_SECONDS)
        except PlacesError as error:
            log.warning("places_not_loaded", error=str(error))
            await asyncio.sleep(PLACES_AGAIN_SECONDS)
        except Exception:  # the service works on with the places that it has
            log.exception("places_not_loaded")
            await asyncio.sleep(PLACES_AGAIN_SECONDS)


async def main() -> None:
    """Run until told to stop."""
    settings, wake = load(ScraperSettings), asyncio.Event()
    store = Store(settings.data_dir / "archive")
    store.sweep()
    consuming = service.Consuming(settings, consumer(settings, wake))
    pool = await postgres.connect_pool(settings.database_url, min_size=0, max_size=3 * WORKERS)
    async with pool, egress(settings.egress_allow) as client:
        worker = Worker(
            open_books=opener(pool, wake),
            files=Archive(client=client, store=store),
            sources=settings.sources,
            rules=settings.rules,
        )
        for_cities = msgspec.structs.replace(worker, imports=False)
        tasks = [worker.run(), *(for_cities.run() for _ in range(1, WORKERS))]
        tasks.append(keep_places(settings.places_url, pool, client))
        if fetch := outline_source(settings.places_url, client):
            tasks.append(handlers.keep_outlines(PostgresOutlines(pool), fetch))
        await service.run(
            NAME,
            settings,
            *consuming.tasks(),
            *tasks,
            wake=wake,
            ready=consuming.ready,
            gauges=metrics.GAUGES,
        )


if __name__ == "__main__":
    service.start(NAME, main)
