"""Homes in stock, and the events of jobs that ask for them."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.events import PropertiesReady
from libs.common.ids import uuid7
from libs.common.outbox import transaction
from libs.common.postgres import Connection
from services.assigner.domain.choice import Ages, Request, Rule, window
from services.assigner.handlers.assigning import assign
from services.assigner.repository.choices import PostgresChoices
from tests.support.database import Database

AS_OF = date(2026, 11, 21)
AGES = Ages(6, 8)
RULE = Rule(ages=AGES)
IN_WINDOW = date(2019, 11, 21)
TOWN = "01053"

_serial = count(1)


class Home(msgspec.Struct, kw_only=True):
    """A home on offer."""

    home_key: str
    property_id: UUID
    insee_code: str = TOWN
    kind: str = "house"
    sold_on: date = IN_WINDOW
    address: str = "12 B RUE DE LA REPUBLIQUE"
    price_eur: int = 250_000


ADD = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, surface_m2, rooms, latitude, longitude, source, edition,
      file_sha256, line)
    select property_id, property_id, home_key, insee_code, sold_on, kind, true, true, address,
           '01000', 'Bourg-en-Bresse', price_eur, 90.5, 4, 46.2, 5.2, 'geo-dvf', '2026-04',
           repeat('0', 64), 1
    from jsonb_to_recordset($1) as home (
      property_id uuid, home_key text, insee_code text, sold_on date, kind text, address text,
      price_eur int)
"""


def home(**facts: Any) -> Home:
    number = next(_serial)
    named: dict[str, Any] = {"home_key": f"home-{number}", "property_id": UUID(int=number)}
    return Home(**(named | facts))


def street(number: int, **facts: Any) -> list[Home]:
    """Homes sold one a day, oldest first."""
    return [home(sold_on=IN_WINDOW + timedelta(days=day % 300), **facts) for day in range(number)]


async def add(database: Database, homes: Iterable[Home]) -> None:
    admin = await database.connect()
    await admin.execute(ADD, list(homes))


def ready(**fields: Any) -> Received[PropertiesReady]:
    wanted: dict[str, Any] = {
        "job_id": uuid7(),
        "client_id": uuid.uuid4(),
        "kind": "scheduled",
        "run": 1,
        "ladder": 1,
        "count": 10,
        "cities": (TOWN,),
        "kinds": ("house", "apartment"),
        "as_of": AS_OF,
        "seed": 42,
    }
    return Received(id=uuid7(), event=PropertiesReady(**(wanted | fields)))


async def assigned(
    connection: Connection, *received: Received[PropertiesReady], rule: Rule = RULE
) -> list[Any]:
    """What is told when these events arrive together, once committed."""
    told: list[Any] = []
    async with transaction(connection):
        choices = PostgresChoices(connection, rule)
        await assign(received, choices=choices, emit=lambda event, _: told.append(event), ages=AGES)
    return told


def request(job_id: UUID, client_id: UUID) -> Request:
    first, last = window(AS_OF, AGES)
    return Request(
        job_id=job_id,
        client_id=client_id,
        requested=3,
        as_of=AS_OF,
        seed=1,
        cities=(TOWN,),
        kinds=("house",),
        sold_from=first,
        sold_until=last,
        tried=(),
    )
