"""A mail belongs to the trace of what asked for it, however long it takes."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from libs.common import outbox
from services.notifier.metrics import SMTP_REPLIES
from services.notifier.repository.leases import end_expired
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import Stage

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACE = f"00-{TRACE_ID}-b7ad6b7169203331-01"


async def traces(stage: Stage) -> list[str]:
    rows = await stage.own.fetch("select headers->>'traceparent' from outbox order by seq")
    return [row[0] for row in rows]


async def tried(stage: Stage) -> list[str]:
    rows = await stage.own.fetch("select trace_id from mail_attempt order by number")
    return [row["trace_id"] for row in rows]


async def test_every_attempt_and_what_is_said_of_it_keep_the_trace(
    stage: Stage, server: MailServer
):
    server.answer("RCPT", "451 later")
    await stage.hear(await stage.job(await stage.client()), traceparent=TRACE)

    await stage.send()
    await stage.later(timedelta(minutes=6))
    await stage.send()

    assert await tried(stage) == [TRACE_ID, TRACE_ID]
    assert await traces(stage) == [TRACE, TRACE]


async def test_a_mail_in_doubt_keeps_the_trace(stage: Stage):
    await stage.hear(await stage.job(await stage.client()), traceparent=TRACE)
    await stage.own.execute(
        "update mail set state = 'handing_off', next_try_at = null, lease_until = public.clock()"
    )

    with capture_logs() as lines:
        async with outbox.transaction(stage.own) as emit:
            await end_expired(stage.own, emit)

    assert await tried(stage) == [TRACE_ID]
    assert await traces(stage) == [TRACE]
    assert [line["trace_id"] for line in lines] == [TRACE_ID]


@pytest.mark.parametrize(
    "answer, verb, answered", [("250 ok", "DATA", "2xx"), ("550 no", "RCPT", "5xx")]
)
async def test_replies_are_counted_by_verb_and_class(
    stage: Stage, server: MailServer, answer: str, verb: str, answered: str
):
    counter = SMTP_REPLIES.labels(verb, answered)
    before = counter._value.get()
    server.answer("RCPT", answer)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()

    assert counter._value.get() == before + 1
