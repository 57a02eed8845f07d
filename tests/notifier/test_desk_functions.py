"""What the gateway does with mails on behalf of operators and clients."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from libs.common.events import MailSettled
from services.notifier.domain.delivery import Reply, decide
from tests.notifier.events import job_failed
from tests.notifier.mail_server import DROP, MailServer
from tests.notifier.stage import COMPOSER, Stage

SUPPRESS, RESUME = "select notifier.suppress($1, 'page')", "select notifier.resume($1)"
RESOLVE = "select result, state from notifier.resolve($1, $2)"


@pytest.fixture
async def gateway(stage: Stage) -> Any:
    return await stage.database.connect("gateway")


async def doubted(stage: Stage, server: MailServer, event: Any = None) -> Any:
    """A mail whose server went away after it had the content."""
    server.answer("DOT", DROP)
    await stage.hear(event or await stage.job(await stage.client()))
    await stage.send()
    [mail] = await stage.own.fetch("select * from mail where state = 'unknown'")
    return mail


async def test_who_unsubscribes_gets_no_notification_until_it_resumes(
    stage: Stage, server: MailServer, gateway: Any
):
    client_id = await stage.client()
    assert [await gateway.fetchval(SUPPRESS, client_id) for _ in range(2)] == [True, False]
    await stage.hear(await stage.job(client_id))
    await stage.send()
    shown = await gateway.fetchrow("select * from notifier.suppressed")

    assert (await stage.mail())["state"] == "suppressed"
    assert (shown["client_id"], shown["reason"], server.taken) == (client_id, "page", [])

    assert [await gateway.fetchval(RESUME, client_id) for _ in range(2)] == [True, False]
    await stage.hear(await stage.job(client_id))
    await stage.send()
    assert len(server.taken) == 1
    assert await gateway.fetchval("select count(*) from notifier.suppressed") == 0


async def test_a_mail_in_doubt_is_settled_as_sent_and_said(
    stage: Stage, server: MailServer, gateway: Any
):
    event = await stage.job(await stage.client())
    mail = await doubted(stage, server, event)
    [before] = await stage.said()
    assert isinstance(before, MailSettled)

    answer = await gateway.fetchrow(RESOLVE, mail["id"], "sent")

    [_, said] = await stage.said()
    assert isinstance(said, MailSettled)
    assert tuple(answer) == ("done", "sent")
    assert (said.state, said.version) == ("sent", before.version + 1)
    assert (said.job_id, said.client_id, said.kind) == (event.job_id, event.client_id, event.kind)
    assert (said.run, said.ladder, said.mail_id) == (1, 1, mail["id"])
    row = await stage.own.fetchrow("select key, headers from outbox order by seq desc limit 1")
    assert row["key"] == said.key
    assert row["headers"]["correlation_id"] == str(event.job_id)
    await stage.send()
    assert len(server.taken) == 1


async def test_another_kind_is_settled_without_touching_a_job(
    stage: Stage, server: MailServer, gateway: Any
):
    mail = await doubted(stage, server, job_failed(await stage.client()))

    await gateway.fetchrow(RESOLVE, mail["id"], "sent")

    [_, said] = await stage.said()
    assert isinstance(said, MailSettled)
    assert (said.job_id, said.client_id, said.key) == (None, None, str(mail["subject_id"]))


async def test_a_mail_in_doubt_is_sent_again_for_another_day_under_its_message_id(
    stage: Stage, server: MailServer, gateway: Any
):
    mail = await doubted(stage, server)
    await stage.later(timedelta(days=3))
    gateway = await stage.database.connect("gateway")

    answer = await gateway.fetchrow(RESOLVE, mail["id"], "resend")
    waiting = await stage.mail()
    await stage.send()

    assert tuple(answer) == ("done", "pending")
    assert round((waiting["give_up_at"] - waiting["next_try_at"]).total_seconds()) == 86400
    assert (waiting["tries"], waiting["attempts"]) == (0, 1)
    first, second = server.messages()
    assert first["Message-ID"] == second["Message-ID"]
    said = await stage.said()
    assert [(one.state, one.version) for one in said if isinstance(one, MailSettled)] == [
        ("unknown", 1), ("sent", 2),
    ]  # fmt: skip


async def test_the_late_answer_of_its_sender_spares_a_mail_from_being_sent_again(
    stage: Stage, server: MailServer, gateway: Any
):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))
    await desk.settle(draft.mail, decide(Reply("DATA", None, "timed out"), 0))
    await gateway.fetchrow(RESOLVE, draft.mail.id, "resend")

    await desk.settle(draft.mail, decide(Reply("DATA", 250, "queued after all"), 0))
    await stage.send()

    assert ((await stage.mail())["state"], server.taken) == ("sent", [])


async def test_the_links_of_a_mail_sent_again_are_new(
    stage: Stage, server: MailServer, gateway: Any
):
    mail = await doubted(stage, server)
    await stage.later(timedelta(days=59))
    gateway = await stage.database.connect("gateway")
    await gateway.fetchrow(RESOLVE, mail["id"], "resend")

    desk = stage.desk()
    [draft] = await desk.claim()

    assert draft.mail.created_at - mail["created_at"] > timedelta(days=58)
    await desk.put_back([draft.mail])
    [again] = await stage.desk().claim()
    assert again.mail.created_at == draft.mail.created_at


@pytest.mark.parametrize("verdict", ["sent", "resend"])
async def test_only_a_doubt_is_settled(
    stage: Stage, server: MailServer, gateway: Any, verdict: str
):
    await stage.hear(await stage.job(await stage.client()))
    pending = await stage.mail()
    waiting = await gateway.fetchrow(RESOLVE, pending["id"], verdict)
    await stage.send()
    sent = await gateway.fetchrow(RESOLVE, pending["id"], verdict)
    missing = await gateway.fetchrow(RESOLVE, uuid4(), verdict)

    assert tuple(waiting) == ("settled", "pending")
    assert tuple(sent) == ("settled", "sent")
    assert tuple(missing) == ("missing", None)
    assert (await stage.mail())["version"] == 1


async def test_what_was_forgotten_cannot_be_sent_again_but_settled(
    stage: Stage, server: MailServer, gateway: Any
):
    mail = await doubted(stage, server)
    await stage.own.execute("update mail set blanked = true, evidence = ''")

    assert (await gateway.fetchrow(RESOLVE, mail["id"], "resend"))["result"] == "blanked"
    assert (await gateway.fetchrow(RESOLVE, mail["id"], "sent"))["result"] == "done"
    assert (await stage.mail())["evidence"] == ""


async def test_there_is_no_third_way(stage: Stage, gateway: Any):
    with pytest.raises(asyncpg.RaiseError, match="not lost"):
        await gateway.fetchrow(RESOLVE, uuid4(), "lost")


async def test_a_table_of_the_caller_does_not_stand_in_for_ours(stage: Stage, gateway: Any):
    await gateway.execute("create temp table suppression (client_id uuid primary key, reason text)")

    await gateway.fetchval(SUPPRESS, uuid4())

    assert await gateway.fetchval("select count(*) from pg_temp.suppression") == 0
    assert await stage.own.fetchval("select count(*) from suppression") == 1
