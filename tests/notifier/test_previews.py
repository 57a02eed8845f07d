"""Mails as they would be: seen by an operator, sent to nobody."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.events import ClientErased
from services.notifier.main import previews
from services.notifier.repository.leases import look_after
from tests.notifier.events import insufficient
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, SETTINGS, Stage

KINDS = ("notification", "monthly", "welcome", "insufficient", "error", "config")
PREVIEWS = previews(SETTINGS, COMPOSER)


async def preview(
    stage: Stage, kind: str, client_id: UUID | None = None, locale: str | None = None
) -> Any:
    """A preview asked for by the gateway, written, and read by it."""
    gateway = await stage.database.connect("gateway")
    asked = await gateway.fetchval(
        "select notifier.request_preview($1, $2, $3)", kind, client_id, locale
    )
    waiting = await gateway.fetchval(
        "select state from notifier.mail_preview where preview_id = $1", asked
    )
    assert waiting == "asked"
    assert await PREVIEWS.write_some(stage.own) == 1
    return await gateway.fetchrow(
        "select * from notifier.mail_preview where preview_id = $1", asked
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_every_mail_can_be_seen_before_there_is_anything_to_tell(
    stage: Stage, server: MailServer, kind: str
):
    shown = await preview(stage, kind, await stage.client())

    assert (shown["state"], shown["error"]) == ("ready", None)
    assert shown["subject"]
    assert shown["text_body"]
    assert "</html>" in shown["html_body"]
    await stage.send()
    assert server.taken == []
    assert await stage.own.fetchval("select count(*) from mail") == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_so_can_a_mail_to_nobody(stage: Stage, kind: str):
    shown = await preview(stage, kind)

    assert (shown["state"], shown["sample"]) == ("ready", True)


async def test_a_notification_tells_the_latest_delivery(stage: Stage):
    client_id = await stage.client()
    await stage.job(client_id, homes=2)

    shown = await preview(stage, "notification", client_id)

    assert not shown["sample"]
    assert shown["subject"].startswith("TrackImmo : 2 nouvelles adresses")
    assert "RUE DES LILAS" in shown["html_body"]
    assert shown["recipient"] == f"{client_id.hex}@agence.test"


async def test_a_notice_is_seen_as_on_the_eve_of_the_delivery(stage: Stage):
    shown = await preview(stage, "monthly", await stage.client())

    assert not shown["sample"]
    assert "demain" in shown["subject"]


async def test_an_alert_is_the_clients_latest(stage: Stage):
    client_id = await stage.client()
    await stage.hear(insufficient(client_id, found=4))

    shown = await preview(stage, "insufficient", client_id)

    assert shown["subject"].endswith("4/10")
    assert shown["recipient"] == "cto@trackimmo.test"


async def test_it_is_what_is_sent_but_for_the_date(stage: Stage, server: MailServer):
    client_id = await stage.client()
    event = await stage.job(client_id)
    await stage.hear(event)
    await stage.send()
    shown = await preview(stage, "notification", client_id)
    sent = await stage.own.fetchrow("select * from mail_content")

    assert sent is not None
    assert (shown["subject"], shown["recipient"]) == (sent["subject"], sent["recipient"])
    assert shown["headers"]["Message-ID"] == sent["headers"]["Message-ID"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("known", [True, False])
async def test_a_language_can_be_chosen(stage: Stage, kind: str, *, known: bool):
    client_id = await stage.client(locale="fr") if known else None

    shown = [await preview(stage, kind, client_id, locale) for locale in (None, "fr", "en")]

    assert [one["headers"]["Content-Language"] for one in shown] == ["fr", "fr", "en"]


async def test_a_client_who_is_gone_is_said_to_be(stage: Stage):
    client_id = await stage.client()
    await stage.admin.execute("delete from gateway.client")

    shown = await preview(stage, "welcome", client_id)

    assert (shown["state"], shown["error"]) == ("failed", "the client is gone")


async def test_one_that_cannot_be_written_holds_up_no_other(stage: Stage):
    client_id = await stage.client()
    await stage.hear(insufficient(client_id))
    await stage.own.execute("""update mail set detail = '{"cities": 5}'""")
    for kind in ("insufficient", "welcome"):
        await stage.own.execute(
            "insert into preview (kind, client_id) values ($1, $2)", kind, client_id
        )

    assert await PREVIEWS.write_some(stage.own) == 2

    rows = await stage.own.fetch("select state, error from preview order by id")
    assert [tuple(row) for row in rows] == [
        ("failed", "it cannot be written (TypeError)"),
        ("ready", None),
    ]


async def test_it_is_forgotten_after_an_hour_and_with_its_client(stage: Stage):
    client_id = await stage.client()
    await preview(stage, "welcome", client_id)
    await preview(stage, "welcome")
    await stage.hear(ClientErased(client_id=client_id))
    assert await stage.own.fetchval("select count(*) from preview") == 1

    await stage.later(timedelta(minutes=61))
    await look_after(stage.own, [], stage.relay)

    assert await stage.own.fetchval("select count(*) from preview") == 0
