"""A small true history: the services' own functions, without a bus, a mail server or processes.

The oracle finds nothing wrong with it; its tests then plant one wrong thing each.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from libs.common import sending
from libs.common.consumer import consume
from libs.common.events import ClientErased, ClientRegistered
from libs.common.outbox import transaction
from libs.common.settings import load
from services.gateway.handlers.closing import close
from services.gateway.repository import agent_links, audit, clients, erasure, idempotency, jobs
from services.gateway.repository import movements as runs
from services.notifier.domain.delivery import Reply
from services.notifier.handlers.loop import send_batch
from services.notifier.main import composer
from services.notifier.repository.desk import PostgresDesk
from services.notifier.repository.outcomes import Outcomes
from services.notifier.settings import NotifierSettings
from tests.assigner.stock import add, home
from tests.common.consuming import Message
from tests.faults.ledger import Ledger, Poison
from tests.faults.oracle.expected import ANY, SCHEMAS, consumers, everywhere
from tests.faults.post import Accepted
from tests.support.database import Database

NOW: Final = datetime(2026, 11, 16, 9, 5, tzinfo=ZoneInfo("Europe/Paris"))
PREFIX: Final = "run0."
TOWN: Final = "01053"
THIN, REFUSED = "01004", "57463"
"""A town with few homes on offer, and one whose sales are not public."""
LOG: Final = '{"event":"service_started","service":"gateway"}\n'
HOMES, FEW = 60, 4
"""On offer in the two towns; each client asks for five."""

TAKE: Final = everywhere(
    "select '{schema}' as source, id, topic, key, type, payload, headers, created_at"
    " from {schema}.outbox where published_at is null"
)
MARK: Final = "update {schema}.outbox set published_at = public.clock() where published_at is null"

TOWNS: Final = """
    with place as (
      insert into scraper.place (insee_code, city_id, name, department, region, search, refusal)
      select code, gen_random_uuid(), 'Ville ' || code, left(code, 2), '84', code,
             case when code = $2 then 'its sales are not public' end
      from unnest($1::text[]) as code returning insee_code
    )
    insert into scraper.city (insee_code, last_scraped, first_year)
    select insee_code, public.clock(), 2010 from place
"""
CLOCK: Final = "alter database {name} set trackimmo.clock_offset = '{seconds} seconds'"
PLAIN: Final = {
    "status": "active", "telephone": "+33 6 12 34 56 {n}", "company_name": "Pierres Anciennes {n}",
    "first_name": "Apolline-{n}", "last_name": "Quiévrechain-{n}", "email": "apolline{n}@agence.example",
    "locale": "fr", "subscription_type": "pro",
}  # fmt: skip
SETTLED: Final = "update gateway.client set active_since = '2026-01-01' where id = $1"
TICKS: Final = """
    with audited as (
      insert into gateway.audit (actor, action, target, request_id)
      select '12345678', 'schedule.run', kind || '/2026-11-16', '' from unnest($1::text[]) as kind
    )
    select scheduler.request_tick(kind, '2026-11-16') from unnest($1::text[]) as kind
"""


class MailServer:
    """Takes every mail; the first ones to `lost` without an answer."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.lost = ""
        self._recipient = ""

    async def envelope(self, recipient: str) -> Reply | None:
        self._recipient = recipient

    async def content(self, raw: bytes) -> Reply:
        message_id = raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()
        mail = Accepted(
            message_id=message_id, recipient=self._recipient, at=0, sha256="", content=raw
        )
        self.accepted.append(mail)
        if self._recipient == self.lost:
            return Reply("DATA", None, "the connection was lost")
        return Reply("DATA", 250, "2.0.0 taken")

    async def close(self) -> None:
        """Nothing is open."""


class History:
    """What happened in a database, and what was asked and done for it to happen."""

    def __init__(self, database: Database) -> None:
        self.database, self.server = database, MailServer()
        self.ledger = Ledger(prefix=PREFIX, may_doubt=1)
        self._numbers = iter(range(10, 99))
        self._offset = 0

    async def happen(self) -> None:
        """One day: deliveries, notices, jobs on request, failures, poison, an erasure."""
        await self._set_up()
        due, served_twice = await self.register(16), await self.register()
        poor = await self.register(town=THIN)
        hopeless, gone = await self.register(town=REFUSED), await self.register()
        noticed = await self.register(17)
        self.server.lost = await self.email(served_twice)
        for client_id in (due, noticed):
            await self.gateway.execute(SETTLED, client_id)
        await self.superuser.execute(TICKS, ["send_day", "pre_notification"])
        self.ledger.due, self.ledger.noticed, self.ledger.may_fail = {due}, {noticed}, {hopeless}
        for client_id in (served_twice, poor, hopeless, gone):
            await self.process(client_id)
        await self.pump()
        await self.process(served_twice)
        await self.erase(gone)
        await self.poison(b"{", ("ce_type", b"trackimmo.client.process.v1"))
        await self.poison(None, ("odd", b"\xff\x00"))
        await self.pump()

    async def _set_up(self) -> None:
        seconds = (NOW - datetime.now(NOW.tzinfo)).total_seconds()
        self.superuser = await self.database.connect()
        await self.superuser.execute(CLOCK.format(name=self.database.name, seconds=seconds))
        self.superuser = await self.database.connect()
        self.gateway = await self.database.connect("gateway")
        self.of = {name: await self.database.connect(name) for name in consumers()}
        await self.superuser.execute(TOWNS, [TOWN, THIN, REFUSED], REFUSED)
        many = [home(address=f"{number} RUE DES LILAS") for number in range(HOMES)]
        few = [home(address=f"{n} RUE DU BAC", insee_code=THIN) for n in range(FEW)]
        await add(self.database, [*many, *few])

    async def register(self, send_day: int = 25, town: str = TOWN) -> UUID:
        """A client, accepted."""
        number = next(self._numbers)
        facts: dict[str, Any] = {name: text.format(n=number) for name, text in PLAIN.items()}
        wanted: dict[str, Any] = {
            "addresses_per_report": 5,
            "chosen_cities": [town],
            "send_day": send_day,
        }
        new = clients.NewClient(**facts, **wanted, property_type_preferences=["house"])
        async with transaction(self.gateway) as emit:
            client = await clients.register(self.gateway, new)
            assert client
            emit(ClientRegistered(client_id=client.id), None)
        self.ledger.clients.add(client.id)
        return client.id

    async def email(self, client_id: UUID) -> str:
        return (
            await self.gateway.fetchval("select email from client where id = $1", client_id) or ""
        )

    async def process(self, client_id: UUID) -> UUID:
        """A job of this client, accepted."""
        job_id = uuid4()
        async with transaction(self.gateway) as emit:
            await jobs.start_process(
                self.gateway, emit, client_id, job_id=job_id, seed=job_id.int % 2**53
            )
        self.ledger.jobs[job_id] = client_id
        return job_id

    async def erase(self, client_id: UUID) -> None:
        """As the interface does."""
        connection = self.gateway
        self.ledger.erased.add(client_id)
        self.ledger.personal.add(await self.email(client_id))
        async with transaction(connection) as emit:
            await erasure.lock(connection, client_id)
            open_jobs = await erasure.open_jobs(connection, client_id)
            await erasure.forget_words(connection, client_id)
            await close(connection, open_jobs, "erased", runs=runs)
            await idempotency.erase(connection, client_id)
            await agent_links.revoke(connection, client_id)
            await erasure.bury(connection, client_id)
            await audit.record(
                connection,
                actor="12345678",
                action="client.erase",
                target=str(client_id),
                request_id="",
            )
            emit(ClientErased(client_id=client_id), None)

    async def poison(self, value: bytes | None, *headers: tuple[str, bytes]) -> None:
        """A message that the scraper cannot handle."""
        there = Poison(topic="client.process", value=value, headers=headers, consumers=("scraper",))
        self.ledger.poisons.append(there)
        await self._deliver("scraper", [self._message(there.topic, None, value, headers)])

    async def pump(self) -> None:
        """Events go to whom they concern and mails to the server, until nothing is under way."""
        while rows := await self.superuser.fetch(f"{TAKE} order by created_at"):
            for schema in SCHEMAS:
                await self.superuser.execute(MARK.format(schema=schema))
            for name, consumer in consumers().items():
                types = {event.type for event in consumer.handlers}
                await self._deliver(
                    name, [self._event(row) for row in rows if row["type"] in types]
                )
            await self._send_mails()

    async def _deliver(self, name: str, messages: Sequence[Message]) -> None:
        if messages:
            await consume(self.of[name], consumers()[name], messages)

    def _event(self, row: Any) -> Message:
        headers = [("ce_specversion", b"1.0"), *sending._headers(row)]
        return self._message(row["topic"], row["key"].encode(), row["payload"], headers)

    def _message(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> Message:
        self._offset += 1
        return Message(value, headers, self._offset, f"{PREFIX}{topic}", 0, key)

    async def _send_mails(self) -> None:
        outcomes = Outcomes(self.database.url("notifier"), asyncio.Event())
        desk = PostgresDesk(self.database.url("notifier"), outcomes)
        compose = composer(load(NotifierSettings, ANY))
        while await send_batch(desk=desk, session=self.server, compose=compose):
            self.server.lost = ""
        await desk.close()
        await outcomes.close()
