"""What the scraper's tests are told with: jobs, a scraper that works on demand, sales files."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from deploy.simulator.layout import COLUMNS
from libs.common import outbox
from libs.common.envelope import Received
from libs.common.events import EVENTS, ClientProcess
from libs.common.postgres import Connection
from services.scraper import handlers
from services.scraper.archive import Archive
from services.scraper.domain import Rules, Source
from services.scraper.handlers import Worker
from services.scraper.main import books_on
from services.scraper.repository import PlaceRow
from tests.support.database import Database

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AS_OF = date(2026, 11, 21)
GEO_DVF = "/geo-dvf/{year}/communes/{department}/{insee}.csv"


def asking(*cities: str, **changes: Any) -> ClientProcess:
    """A job for ten houses or flats."""
    fields: dict[str, Any] = {
        "job_id": uuid4(), "client_id": uuid4(), "kind": "process", "run": 1, "ladder": 1,
        "count": 10, "cities": cities, "kinds": ("house", "apartment"), "as_of": AS_OF, "seed": 7,
    }  # fmt: skip
    return ClientProcess(**{**fields, **changes})


def received(job: ClientProcess) -> Received[ClientProcess]:
    """A job's event as it comes from the bus."""
    return Received(id=uuid4(), event=job, correlation_id=str(job.job_id))


class Scraper(msgspec.Struct, kw_only=True):
    """What a test asks of the scraper: give it jobs, let it work, hear what it says."""

    database: Database
    connection: Connection
    worker: Worker
    archive: Archive
    rules: Rules

    async def process(self, *jobs: ClientProcess) -> list[Any]:
        """Handle these as one batch; what was said meanwhile."""
        async with outbox.transaction(self.connection) as emit:
            await handlers.process_clients(
                [received(job) for job in jobs],
                books=books_on(self.connection, emit),
                rules=self.rules,
            )
        return await self.said()

    async def work(self) -> list[Any]:
        """Work off every refresh that waits; what was said meanwhile."""
        while await self.worker.work_one():
            pass
        return await self.said()

    async def refreshed(self, *cities: str) -> list[Any]:
        """The cities read, and what a job for them heard at the end."""
        await self.process(asking(*cities))
        return await self.work()

    async def said(self) -> list[Any]:
        """Everything written to the outbox since it was last asked."""
        rows = await self.connection.fetch(
            "with gone as (delete from outbox returning seq, type, payload)"
            " select type, payload from gone order by seq"
        )
        return [msgspec.json.decode(row["payload"], type=EVENTS[row["type"]]) for row in rows]

    def ask(self, *publishers: str | Source) -> None:
        """From now on these publishers are asked, in this order."""
        sources = tuple(
            Source("geo-dvf", one) if isinstance(one, str) else one for one in publishers
        )
        self.worker = msgspec.structs.replace(self.worker, sources=sources)

    async def deliver_one(self, job: ClientProcess) -> None:
        """Some home on offer is given to this job's client, by another job."""
        admin = await self.database.connect()
        await admin.execute("set session_replication_role = replica")
        await admin.execute(
            "insert into assigner.assignment (client_id, home_key, job_id, position, property_id,"
            " insee_code, city_name, postal_code, address, kind, sold_on, price_eur, source,"
            " edition) select $1, home_key, uuidv7(), 1, property_id, insee_code, city_name,"
            " postal_code, address, kind, sold_on, price_eur, source, edition"
            " from scraper.candidate limit 1",
            job.client_id,
        )

    async def value(self, query: str, *arguments: Any) -> Any:
        return await self.connection.fetchval(query, *arguments)

    async def row(self, query: str, *arguments: Any) -> Any:
        """The first row of an answer."""
        [row, *_] = await self.connection.fetch(query, *arguments)
        return row

    async def sales(self, city: str) -> Sequence[Any]:
        """Every sale of a city as it stands in the stock."""
        return await self.connection.fetch(
            "select * from property where insee_code = $1 order by sold_on, property_id", city
        )


def place(code: str, name: str = "Ville", **changes: Any) -> PlaceRow:
    fields: dict[str, Any] = {
        "insee_code": code, "city_id": UUID(int=int(code, 36)), "name": name,
        "postal_codes": ("01000",), "department": "Ain", "region": "Auvergne-Rhône-Alpes",
        "population": 1000, "former_codes": (), "search": name.lower(), "expands_to": (code,),
        "refusal": None, "latitude": None, "longitude": None,
    }  # fmt: skip
    return PlaceRow(**{**fields, **changes})


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait for what another task will do to the database."""
    while not await holds():  # noqa: ASYNC110 - the database has no event to wait for
        await asyncio.sleep(0.02)


def flat(on: str, number: int = 1, **changes: Any) -> dict[str, str]:
    """A line of a sales file: a flat of 50 square metres for 100,000 euros."""
    line = {
        "id_mutation": f"{on[:4]}-1", "date_mutation": on, "numero_disposition": "000001",
        "nature_mutation": "Vente", "valeur_fonciere": "100000", "adresse_numero": str(number),
        "adresse_nom_voie": "RUE DU LAC", "code_postal": "01000", "code_commune": "01053",
        "nom_commune": "Bourg-en-Bresse", "id_parcelle": f"01053000AB{number:04d}",
        "lot1_numero": "1", "nombre_lots": "1", "code_type_local": "2", "type_local": "Appartement",
        "surface_reelle_bati": "50", "nombre_pieces_principales": "2",
        "longitude": "5.2", "latitude": "46.2",
    }  # fmt: skip
    return {**line, **{name: str(value) for name, value in changes.items()}}


def flats(on: str, count: int = 30, **changes: Any) -> list[dict[str, str]]:
    """Lines of as many sales: a flat at each number, all of one day."""
    return [
        flat(on, number, valeur_fonciere=100_000 + number, **changes)
        for number in range(1, count + 1)
    ]


class Shelf(msgspec.Struct):
    """A publisher on this disk: a folder a year, below it a file for each commune."""

    folder: Path

    @property
    def template(self) -> str:
        return f"file://{self.folder}/{{year}}/communes/{{department}}/{{insee}}.csv"

    def path(self, year: int, insee: str = "01053") -> Path:
        return self.folder / str(year) / "communes" / insee[:2] / f"{insee}.csv"

    def put(self, year: int, *lines: dict[str, str], insee: str = "01053") -> None:
        """A file with these lines and a header."""
        rows = [COLUMNS, *([line.get(column, "") for column in COLUMNS] for line in lines)]
        text = "".join(",".join(row) + "\n" for row in rows)
        self.put_bytes(year, text.encode(), insee=insee)

    def put_bytes(self, year: int, content: bytes, *, insee: str = "01053") -> None:
        path = self.path(year, insee)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
