"""The application over a real database, three places to choose, and a client."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from ipaddress import ip_address
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import pytest
from litestar import Litestar

from libs.common import outbox
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository.connections import Connections
from services.gateway.repository.rate import Counter
from services.gateway.routes.app import create_app
from services.gateway.routes.feed import Feed
from services.gateway.routes.limit import Count
from services.gateway.routes.ports import Component, Reading, Writing
from services.gateway.routes.registration import city_id
from services.gateway.settings import GatewaySettings
from tests.support.database import Database

NUMBERS = itertools.count()
"""Of addresses: one test's wrong keys are not to count for another's."""
API_KEY, ADMIN_KEY = "a-key-for-agents", "a-key-for-operators"

Api = httpx.AsyncClient
Make = Callable[..., Awaitable[Api]]


def settings(**changed: Any) -> GatewaySettings:
    given: dict[str, Any] = {"admin_api_key": ADMIN_KEY, "rate_limit_enabled": False, **changed}
    return GatewaySettings(
        database_url="unused",
        kafka_bootstrap_servers="unused",
        api_key=API_KEY,
        secret_key="signs-links",
        **given,
    )


def application(
    *,
    reading: Reading,
    writing: Writing,
    count: Count,
    ready: bool = True,
    feed: Feed | None = None,
    **changed: Any,
) -> Litestar:
    async def is_ready() -> bool:
        await asyncio.sleep(0)
        return ready

    async def kafka() -> Component:
        await asyncio.sleep(0)
        return Component(status="ok", message="1 broker")

    return create_app(
        settings=settings(**changed),
        reading=reading,
        writing=writing,
        clock=lambda: datetime.now(UTC),
        seed=lambda: 7,
        ready=is_ready,
        kafka=kafka,
        count=count,
        feed=feed or Feed(reading),
    )


class Behind:
    """What the application that is kept stands before: the present test's own."""

    def __init__(self) -> None:
        self.present: dict[str, Any] = {}

    def reading(self) -> Any:
        return self.present["reading"]()

    def writing(self) -> Any:
        return self.present["writing"]()

    async def count(self, caller: bytes) -> Any:
        return await self.present["count"](caller)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.present["feed"], name)


@cache
def _kept() -> tuple[Litestar, Behind]:
    """An application for many tests: making one takes longer than most of them."""
    behind = Behind()
    feed = cast(Feed, behind)
    app = application(reading=behind.reading, writing=behind.writing, count=behind.count, feed=feed)
    return app, behind


def kept_application(*, reading: Reading, writing: Writing, count: Count) -> Litestar:
    """The application with the usual settings, as if it were new."""
    app, behind = _kept()
    feed = Feed(reading)
    behind.present = {"reading": reading, "writing": writing, "count": count, "feed": feed}
    app.state.clear()
    return app


def speak_to(app: Litestar, address: str | None = None) -> Api:
    # Litestar's own test client runs the application in another loop than the pool's
    client = (address or str(ip_address("10.0.0.1") + next(NUMBERS)), 4242)
    transport = httpx.ASGITransport(cast(Any, app), raise_app_exceptions=False, client=client)
    keys = {"X-API-Key": API_KEY, "X-Admin-Key": ADMIN_KEY}
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=keys)


@pytest.fixture
def make_api(database: Database) -> Make:
    """Make an application whose connections are the gateway's own."""

    async def make(**changed: Any) -> Api:
        connect = partial(database.connect, "gateway")
        reading = Connections(connect, size=10).lend

        @asynccontextmanager
        async def writing() -> AsyncGenerator[tuple[Connection, Emit]]:
            async with reading() as connection, outbox.transaction(connection) as emit:
                yield connection, emit

        window = timedelta(seconds=changed.get("rate_limit_window", 3600))
        counter = Counter(Connections(connect, size=1).lend, window)
        make_one = partial(application, **changed) if changed else kept_application
        return speak_to(make_one(reading=reading, writing=writing, count=counter.count))

    return make


@pytest.fixture
async def api(make_api: Make) -> Api:
    return await make_api()


def away(*_: Any) -> Any:
    raise ConnectionRefusedError


@pytest.fixture(scope="session")
def lonely_app() -> Litestar:
    return application(reading=away, writing=away, count=away)


@pytest.fixture
def lonely(lonely_app: Litestar) -> Api:
    """The application while PostgreSQL is away."""
    return speak_to(lonely_app)


@pytest.fixture
async def admin(database: Database) -> Connection:
    """A superuser's connection, to set up what other services own."""
    connection = await database.connect()
    await connection.executemany(
        """insert into scraper.place (insee_code, city_id, name, postal_codes, department, region,
                                      population, search, refusal, expands_to)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        [
            (code, city_id(code), name, postal, code[:2], "84", people, search, refusal, parts)
            for code, name, postal, people, search, refusal, parts in PLACES
        ],
    )
    return connection


PLACES = (
    ("01053", "Bourg-en-Bresse", ["01000"], 42000, "bourg en bresse 01000 01053", None, None),
    ("64260", "Hendaye", ["64700"], 18000, "hendaye 64700 64260", None, None),
    (
        "69123",
        "Lyon",
        ["69001", "69002"],
        520000,
        "lyon 69001 69002 69123",
        None,
        ["69381", "69382"],
    ),
    ("69381", "Lyon 1er", ["69001"], 29000, "lyon 1er 69001 69381", None, None),
    ("42147", "Chalain-le-Comtal", ["42600"], 900, "chalain le comtal 42600 42147", None, None),
    ("27370", "Lyons-la-Forêt", ["27480"], 700, "lyons la foret 27480 27370", None, None),
    ("2A004", "Ajaccio", ["20000", "20090"], 73000, "ajaccio 20000 20090 2a004", None, None),
    ("67482", "Strasbourg", ["67000"], 290000, "strasbourg 67000 67482", "no land register", None),
    ("01999", "Merged into Bourg", ["01000"], 100, "", None, ["01053"]),
)
"""Code, name, postal codes, population, search text, why not covered, codes of its sales."""


def registration(**changed: Any) -> dict[str, Any]:
    return {
        "first_name": "Camille",
        "last_name": "Durand",
        "email": "camille@agence.example",
        "subscription_type": "pro",
        "send_day": 15,
        "chosen_cities": ["01053"],
        "property_type_preferences": ["house", "apartment"],
    } | changed


@pytest.fixture
async def client_id(api: Api, admin: Connection) -> str:
    answer = await api.post("/api/clients", json=registration())
    return answer.json()["client_id"]


async def deliver(admin: Connection, client_id: str, *homes: str) -> str:
    """Record a job's choice as the assigner does; each home is a door of its own."""
    job_id = str(uuid4())
    doors = homes or ("a",)
    await admin.execute(
        """insert into assigner.choice (job_id, client_id, requested, found, as_of, seed, cities, tried)
           values ($1, $2, $3, $3, '2026-11-21', 7, '{01053}', '{}')""",
        job_id, client_id, len(doors),
    )  # fmt: skip
    await admin.executemany(
        "insert into assigner.home values ($1, $2) on conflict do nothing",
        [(door, uuid5(NAMESPACE_URL, f"urn:trackimmo:home:{door}")) for door in doors],
    )
    await admin.executemany(
        """insert into assigner.assignment (client_id, home_key, job_id, position, property_id,
             insee_code, city_name, postal_code, address, kind, sold_on, price_eur, surface_m2, rooms,
             land_m2, latitude, longitude, source, edition)
           values ($1, $2, $3, $4, gen_random_uuid(), '01053', 'Bourg-en-Bresse', '01000',
                   '12 B RUE DE LA REPUBLIQUE', 'house', '2019-06-14', 182000, 96.5, 4,
                   null, 46.2, 5.2, 'geo-dvf', '2024-10')""",
        [(client_id, door, job_id, number) for number, door in enumerate(doors, 1)],
    )
    return job_id
