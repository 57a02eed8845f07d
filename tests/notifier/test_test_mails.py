"""Test mails: to whom the operator says, forgotten with whom they went to."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.events import ClientErased, MailSettled
from services.notifier.main import previews
from services.notifier.repository.leases import look_after
from services.notifier.repository.sending import tell
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, SETTINGS, Stage

REQUEST = "select notifier.request_test_mail($1, $2, $3)"
TYPES = ("config", "welcome", "notification", "monthly", "insufficient", "error")


async def request(stage: Stage, kind: str = "config", client_id: UUID | None = None) -> Any:
    gateway = await stage.database.connect("gateway")
    return await gateway.fetchval(REQUEST, "operator@trackimmo.test", kind, client_id)


@pytest.mark.parametrize("kind", TYPES)
async def test_every_type_goes_to_the_given_recipient(stage: Stage, server: MailServer, kind: str):
    await tell(stage.own, previews(SETTINGS, COMPOSER).sending)
    mail_id = await request(stage, kind)

    await stage.send()

    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.mail_id, settled.mail_kind, settled.state) == (mail_id, "test", "sent")
    assert settled.job_id is None
    assert server.recipients == ["operator@trackimmo.test"]
    [message] = server.messages()
    assert message["Message-ID"] == f"<{mail_id}@trackimmo.test>"


async def test_a_test_mail_to_a_client_is_forgotten_with_it(stage: Stage, server: MailServer):
    client_id = await stage.client(email="operator@trackimmo.test")
    await request(stage, client_id=client_id)
    await stage.send()

    await stage.hear(ClientErased(client_id=client_id))

    assert await traces(stage) == 0


async def test_so_is_one_from_before_it_was_a_client(stage: Stage, server: MailServer):
    await request(stage)
    client_id = await stage.client(email="Operator@trackimmo.test")
    await stage.hear(await stage.job(client_id))
    await stage.send()

    await stage.hear(ClientErased(client_id=client_id))

    assert await traces(stage) == 0


async def test_a_test_mail_to_an_erased_client_is_not_sent(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await request(stage, client_id=client_id)
    await stage.admin.execute("delete from gateway.client")

    await stage.send()

    assert ((await stage.mail("test"))["state"], server.taken) == ("suppressed", [])


async def test_its_recipient_is_forgotten_with_its_content(stage: Stage, server: MailServer):
    server.answer("RCPT", "550 5.1.1 no operator@trackimmo.test here")
    await request(stage)
    await stage.send()
    await stage.later(timedelta(days=89))
    await look_after(stage.own, [], stage.relay)
    assert await traces(stage) > 0

    await stage.later(timedelta(days=2))
    await look_after(stage.own, [], stage.relay)

    assert await traces(stage) == 0
    assert (await stage.mail("test"))["state"] == "failed"


async def traces(stage: Stage) -> int:
    """How many rows of the notifier name the recipient."""
    rows = [
        text
        for table in ("mail", "mail_content", "mail_attempt")
        for text in await stage.own.fetch(f"select {table}::text as row from {table}")  # noqa: S608
    ]
    return sum("operator@trackimmo.test" in str(text["row"]).lower() for text in rows)
