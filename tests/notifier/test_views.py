"""What operators see of mails, and for how long."""

from datetime import timedelta

from services.notifier.repository.leases import look_after
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import Stage


async def test_the_gateway_sees_each_mail_with_its_tries_and_parts(
    stage: Stage, server: MailServer
):
    server.answer("RCPT", "451 4.7.1 greylisted")
    client_id = await stage.client()
    event = await stage.job(client_id)
    await stage.hear(event)
    await stage.send()
    await stage.later(timedelta(minutes=6))
    await stage.send()
    gateway = await stage.database.connect("gateway")

    overview = await gateway.fetchrow("select * from notifier.mail_overview")
    detail = await gateway.fetchrow("select * from notifier.mail_detail")

    assert overview is not None
    assert detail is not None
    assert (overview["client_id"], overview["job_id"]) == (client_id, event.job_id)
    assert (overview["state"], overview["attempts"]) == ("sent", 2)
    assert overview["last_reply"] == "DATA: 250 queued as 42"
    assert [(each["verb"], each["code"], each["outcome"]) for each in detail["tries"]] == [
        ("RCPT", 451, "pending"),
        ("DATA", 250, "sent"),
    ]
    assert detail["subject"].startswith("TrackImmo : 3 nouvelles adresses")
    assert detail["recipient"] == server.recipients[0]
    assert detail["headers"]["Message-ID"] == overview["message_id"]
    assert "RUE DES LILAS" in detail["text_body"]
    assert "RUE DES LILAS" in detail["html_body"]


async def test_the_content_of_a_mail_is_forgotten_after_ninety_days(stage: Stage):
    await stage.hear(await stage.job(await stage.client()))
    await stage.send()

    await stage.later(timedelta(days=89))
    await look_after(stage.own, [], stage.relay)
    assert await stage.own.fetchval("select count(*) from mail_content") == 1

    await stage.later(timedelta(days=2))
    await look_after(stage.own, [], stage.relay)
    assert await stage.own.fetchval("select count(*) from mail_content") == 0
    assert (await stage.mail())["state"] == "sent"
