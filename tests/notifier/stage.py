"""Clients, homes and events for the notifier's tests, in the others' real tables."""

import asyncio
import uuid
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from libs.common import outbox
from libs.common.envelope import Received
from libs.common.events import EVENTS, Event, PropertiesAssigned
from libs.common.settings import load
from services.notifier.handlers.loop import send_batch
from services.notifier.handlers.sending import Pause
from services.notifier.mailer.smtp import Server, SmtpSession
from services.notifier.main import composer, consumer
from services.notifier.repository.desk import PostgresDesk
from services.notifier.repository.outcomes import Outcomes
from services.notifier.settings import NotifierSettings
from tests.notifier.mail_server import MailServer
from tests.support.database import Database

SETTINGS = load(
    NotifierSettings,
    {
        "DATABASE_URL": "postgresql://unused",
        "KAFKA_BOOTSTRAP_SERVERS": "unused:9092",
        "SECRET_KEY": "b2f1c0ffee",
        "EMAIL_SENDER": "TrackImmo <bonjour@trackimmo.test>",
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_SECURITY": "none",
        "CTO_EMAIL": "cto@trackimmo.test",
        "PUBLIC_BASE_URL": "https://trackimmo.test/",
    },
)
COMPOSER = composer(SETTINGS)


class Stage:
    """One notifier: a database with the schema of all services, and a mail server."""

    def __init__(self, database: Database, server: MailServer, admin: Any, own: Any) -> None:
        self.database, self.server, self.admin, self.own = database, server, admin, own
        self.asked, self.relay = asyncio.Event(), asyncio.Event()
        self.desks: list[PostgresDesk] = []
        self.outcomes: list[Outcomes] = []

    async def client(self, **changes: Any) -> UUID:
        """A client who is active since long ago."""
        client_id = uuid.uuid4()
        row = {
            "id": client_id,
            "status": "active",
            "first_name": "Hélène",
            "last_name": "Martin",
            "email": f"{client_id.hex}@agence.test",
            "locale": "fr",
            "subscription_type": "pro",
            "send_day": 15,
            "addresses_per_report": 10,
            "chosen_cities": ["01053"],
            "property_type_preferences": ["house"],
            "active_since": date(2020, 1, 1),
            **changes,
        }
        names, marks = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
        await self.admin.execute(
            f"insert into gateway.client ({names}) values ({marks})",  # noqa: S608
            *row.values(),
        )
        return client_id

    async def job(self, client_id: UUID, homes: int = 3, **changes: Any) -> PropertiesAssigned:
        """A job that has delivered so many homes, and the event that says so."""
        job_id = uuid.uuid4()
        await self.admin.execute(
            """insert into assigner.choice
               (job_id, client_id, requested, found, as_of, seed, cities, tried)
               values ($1, $2, $3, $3, '2026-11-21', 1, '{01053}', '{}')""",
            job_id, client_id, homes,
        )  # fmt: skip
        keys = [f"{job_id}:{n}" for n in range(1, homes + 1)]
        ids = [uuid.uuid5(uuid.NAMESPACE_URL, key) for key in keys]
        await self.admin.execute(
            "insert into assigner.home select * from unnest($1::text[], $2::uuid[])", keys, ids
        )
        await self.admin.execute(
            """insert into assigner.assignment
               (client_id, home_key, job_id, position, property_id, insee_code, city_name,
                postal_code, address, kind, sold_on, price_eur, surface_m2, rooms, source, edition)
               select $1, key, $2, n, gen_random_uuid(), '01053', 'Bourg-en-Bresse', '01000',
                      n || ' RUE DES LILAS', 'house', '2019-06-15', 200000 + n, 85.5, 4,
                      'geo-dvf', '2025-10'
               from unnest($3::text[]) with ordinality as home (key, n)""",
            client_id, job_id, keys,
        )  # fmt: skip
        event = PropertiesAssigned(
            job_id=job_id, client_id=client_id, kind="process", run=1, ladder=1,
            requested=homes, found=homes, address_ids=tuple(ids),
        )  # fmt: skip
        return msgspec.structs.replace(event, **changes)

    async def hear(self, *events: Event, traceparent: str = "") -> list[Event]:
        """Let the notifier handle events of one type in one transaction; return what it wrote."""
        before = await self.said()
        received = [
            Received(id=uuid.uuid4(), event=event, traceparent=traceparent) for event in events
        ]
        table = consumer(SETTINGS, relay=self.relay, asked=self.asked).handlers
        async with outbox.transaction(self.own, self.relay) as emit:
            await table[type(events[0])](self.own, received, emit)
        return (await self.said())[len(before) :]

    def desk(self) -> PostgresDesk:
        url = self.database.url("notifier")
        # Connected when first used: by the clock of that moment.
        self.outcomes.append(Outcomes(url, self.relay))
        desk = PostgresDesk(url, self.outcomes[-1])
        self.desks.append(desk)
        return desk

    def session(self, *, data_seconds: float = 5, other_seconds: float = 5) -> SmtpSession:
        server = Server(
            host="127.0.0.1", port=self.server.port, security="none", local_hostname="our.test",
            data_seconds=data_seconds, other_seconds=other_seconds,
        )  # fmt: skip
        return SmtpSession(server, COMPOSER.sender_address)

    async def send(
        self, session: SmtpSession | None = None, desk: PostgresDesk | None = None
    ) -> int:
        """Send what is due now; how often the sender had to pause."""
        session, desk = session or self.session(), desk or self.desk()
        pauses = 0
        try:
            while True:
                try:
                    if not await send_batch(desk=desk, session=session, compose=COMPOSER):
                        return pauses
                except Pause:
                    pauses += 1
        finally:
            await session.close()

    async def said(self) -> list[Event]:
        """Every event of the outbox, in order."""
        rows = await self.own.fetch("select type, payload from outbox order by seq")
        return [msgspec.json.decode(row["payload"], type=EVENTS[row["type"]]) for row in rows]

    async def mail(self, kind: str = "notification") -> Any:
        """The only mail of a kind."""
        [row] = await self.own.fetch("select * from mail where kind = $1", kind)
        return row

    async def attempts(self) -> list[tuple[str, int | None, str, str]]:
        rows = await self.own.fetch(
            "select verb, code, reply, outcome from mail_attempt order by tried_at, number"
        )
        return [tuple(row) for row in rows]

    async def later(self, by: timedelta) -> None:
        """Move the database's clock; senders open a session of their own afterwards."""
        await self.database.advance(by)

    async def close(self) -> None:
        for desk in self.desks:
            await desk.close()
        for outcomes in self.outcomes:
            await outcomes.close()
