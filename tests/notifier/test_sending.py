"""What becomes of a mail, answer by answer."""

from libs.common.events import MailSettled
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import Stage


async def test_a_notification_that_the_server_takes_is_sent_and_said(
    stage: Stage, server: MailServer
):
    event = await stage.job(await stage.client())
    assert await stage.hear(event) == []

    await stage.send()

    mail = await stage.mail()
    assert mail["state"] == "sent"
    assert mail["evidence"] == "DATA: 250 queued as 42"
    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.state, settled.version, settled.job_id) == ("sent", 1, event.job_id)
    assert (settled.run, settled.ladder, settled.kind) == (1, 1, "process")
    [message] = server.messages()
    assert message["Message-ID"] == mail["message_id"]
    assert await stage.attempts() == [("DATA", 250, "queued as 42", "sent")]
