"""What the notifier's /metrics page says of mails."""

from services.notifier.metrics import GAUGES
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import Stage
from tests.support.scrape import scraped


async def test_mails_are_counted_by_kind_and_state_and_timed(stage: Stage, server: MailServer):
    before = await scraped(stage.database, "notifier")
    await stage.hear(await stage.job(await stage.client()))
    await stage.send()
    server.answer("RCPT", "550 no")
    await stage.hear(await stage.job(await stage.client()))
    await stage.send()

    shown = await scraped(stage.database, "notifier", GAUGES)

    assert shown["mails", "notification", "sent"] == 1
    assert shown["mails", "notification", "failed"] == 1
    for key in (("smtp_replies_total", "2xx", "DATA"), ("smtp_replies_total", "5xx", "RCPT")):
        assert shown[key] - before.get(key, 0) == 1
    assert shown["mail_seconds_count",] - before.get(("mail_seconds_count",), 0) == 2
