"""The scraper on a database of its own, with a simulated publisher, in November 2026."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.simulator.server import Publisher, serving
from services.scraper.archive import Archive, Store
from services.scraper.domain import Rules, Source
from services.scraper.handlers import Worker
from services.scraper.main import opener
from services.scraper.repository import store_places
from tests.scraper.stage import NOON, Scraper, Shelf, flats, place
from tests.support.database import Database


@pytest.fixture(scope="session")
def publisher() -> Iterator[Publisher]:
    with serving() as publisher:
        yield publisher


@pytest.fixture
async def scraper(database: Database, shelf: Shelf, tmp_path: Path) -> AsyncIterator[Scraper]:
    """Three cities have thirty flats each, sold in 2019; 2018 to 2025 are covered."""
    for insee in ("01053", "01451", "64260"):
        shelf.put(2019, *flats("2019-05-02", code_commune=insee), insee=insee)
    for year in range(2018, 2026):
        (shelf.folder / str(year)).mkdir(exist_ok=True)
    await database.advance(NOON - datetime.now(UTC))
    pool = await database.pool("scraper")
    rules = Rules()
    async with httpx.AsyncClient(follow_redirects=True) as client:
        archive = Archive(client=client, store=Store(tmp_path / "archive"))
        worker = Worker(
            open_books=opener(pool, asyncio.Event()),
            files=archive,
            sources=(Source("geo-dvf", shelf.template),),
            rules=rules,
        )
        connection = await database.connect("scraper")
        yield Scraper(
            database=database, connection=connection, worker=worker, archive=archive, rules=rules
        )


@pytest.fixture
async def places(scraper: Scraper) -> None:
    """Paris with its arrondissements, and a city whose sales are not public."""
    arrondissements = tuple(str(code) for code in range(75101, 75121))
    await store_places(
        scraper.connection,
        [
            place("75056", "Paris", expands_to=arrondissements),
            *(place(code, "Paris") for code in arrondissements),
            place("67482", "Strasbourg", refusal="Les ventes sont inscrites au livre foncier."),
        ],
        {},
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A publisher on this disk, with the files that a test puts there."""
    return Shelf(tmp_path / "shelf")
