"""The notifier as a process: `python -m services.notifier.main`."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from libs.common import service
from libs.common.consumer import Consumer, Handlers
from libs.common.envelope import Received
from libs.common.events import (
    AddressesInsufficient,
    ClientErased,
    ClientRegistered,
    JobFailed,
    PreNotification,
    PropertiesAssigned,
)
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.common.settings import load
from services.notifier import handlers, metrics
from services.notifier.domain.pace import Pace
from services.notifier.mailer.compose import Composer
from services.notifier.mailer.signing import Signer
from services.notifier.mailer.smtp import Server, SmtpSession
from services.notifier.repository.desk import PostgresDesk
from services.notifier.repository.leases import keep
from services.notifier.repository.mails import PostgresMails
from services.notifier.repository.outcomes import Outcomes
from services.notifier.repository.previews import Previews
from services.notifier.repository.sending import Sending
from services.notifier.repository.ticks import PostgresTicks
from services.notifier.settings import NotifierSettings

NAME: Final = "notifier"


def consumer(settings: NotifierSettings, *, relay: asyncio.Event, asked: asyncio.Event) -> Consumer:
    """Which events the notifier handles, and how; `asked` tells the senders that mails wait."""

    def mails(connection: Connection) -> PostgresMails:
        return PostgresMails(connection, settings.id_domain)

    async def ask(connection: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        await handlers.ask(received, mails=mails(connection), emit=emit, wake=asked)

    async def notices(connection: Connection, received: Sequence[Received[Any]], _: Emit) -> None:
        ticks = PostgresTicks(connection)
        await handlers.ask_notices(received, mails=mails(connection), ticks=ticks, wake=asked)

    async def forget(connection: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        await handlers.forget_clients(received, mails=mails(connection), emit=emit)

    mailed = (PropertiesAssigned, AddressesInsufficient, JobFailed, ClientRegistered)
    table: Handlers = {
        **dict.fromkeys(mailed, ask), PreNotification: notices, ClientErased: forget,
    }  # fmt: skip
    return Consumer(name=NAME, handlers=table, steps={PropertiesAssigned: "mail"}, wake=relay)


def composer(settings: NotifierSettings) -> Composer:
    """How mails are written."""
    name, address = settings.sender
    return Composer(
        sender_name=name,
        sender_address=address,
        alert_address=settings.cto_email,
        alert_locale=settings.cto_locale,
        public_base_url=settings.link_base_url,
        secret_key=settings.secret_key,
        settings=settings.shown,
        now=lambda: datetime.now(UTC),
    )


def session(settings: NotifierSettings, pace: Pace) -> SmtpSession:
    """A conversation with the server that takes our mails, no faster than a domain wants them."""
    server = Server(
        host=settings.smtp_server,
        port=settings.smtp_port,
        security=settings.security,
        username=settings.smtp_username,
        password=settings.smtp_password,
        local_hostname=settings.id_domain,
    )
    address = settings.sender[1]
    key, domain = settings.dkim_pem, address.rpartition("@")[2]
    signer = Signer(domain=domain, selector=settings.dkim_selector, key=key) if key else None
    return SmtpSession(server, address, sign=signer, pace=pace)


def previews(settings: NotifierSettings, compose: Composer) -> Previews:
    """What shows mails as they would be."""
    sending = Sending(
        smtp_server=settings.smtp_server,
        smtp_port=settings.smtp_port,
        smtp_security=settings.security,
        with_login=bool(settings.smtp_username),
        email_sender=settings.sender[1],
        id_domain=settings.id_domain,
    )
    return Previews(sending=sending, compose=compose, alert_address=settings.cto_email)


async def main() -> None:
    """Run until told to stop."""
    settings, relay, asked = load(NotifierSettings), asyncio.Event(), asyncio.Event()
    consuming = service.Consuming(settings, consumer(settings, relay=relay, asked=asked))
    outcomes = Outcomes(settings.database_url, relay)
    desks = [
        PostgresDesk(settings.database_url, outcomes) for _ in range(settings.mail_connections)
    ]
    compose = composer(settings)
    pace = Pace()
    senders = [
        handlers.run_sender(desk=desk, session=session(settings, pace), compose=compose, wake=asked)
        for desk in desks
    ]
    keeper = keep(settings.database_url, desks, relay)
    await service.run(
        NAME,
        settings,
        *consuming.tasks(),
        keeper,
        previews(settings, compose).serve(settings.database_url),
        *senders,
        wake=relay,
        ready=consuming.ready,
        gauges=metrics.GAUGES,
    )


if __name__ == "__main__":
    service.start(NAME, main)
