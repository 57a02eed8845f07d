"""Mails that are not sent, or are forgotten: erased clients, unsubscribed clients, new addresses."""

from uuid import UUID

from libs.common.events import ClientErased, ClientRegistered, MailSettled
from services.notifier.domain.delivery import Reply, decide
from tests.notifier.events import insufficient, job_failed
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, Stage


async def test_blanks_every_mail_of_the_client_and_stops_what_waits(
    stage: Stage, server: MailServer
):
    client_id = await stage.client()
    done = await stage.job(client_id)
    await stage.hear(done)
    await stage.hear(job_failed(client_id))
    await stage.send()
    waiting = await stage.job(client_id)
    await stage.hear(waiting)

    [stopped] = await stage.hear(ClientErased(client_id=client_id))

    assert isinstance(stopped, MailSettled)
    assert (stopped.state, stopped.job_id) == ("suppressed", waiting.job_id)
    rows = await stage.own.fetch("select * from mail")
    assert sorted(row["state"] for row in rows) == ["sent", "sent", "suppressed"]
    assert all((row["detail"], row["evidence"], row["blanked"]) == ({}, "", True) for row in rows)
    assert await stage.own.fetchval("select count(*) from mail_content") == 0
    assert await stage.own.fetchval("select string_agg(reply, '') from mail_attempt") == ""
    assert await stage.hear(ClientErased(client_id=client_id)) == []
    await stage.send()
    assert len(server.taken) == 2


async def test_the_planner_keeps_no_sample_of_what_was_said(stage: Stage, server: MailServer):
    client_id = await stage.client(email="helene.martin@agence.test")
    for _ in range(3):
        await stage.hear(await stage.job(client_id))
    await stage.send()
    await stage.hear(ClientErased(client_id=client_id))

    await stage.admin.execute("analyze notifier.mail, notifier.mail_content, notifier.mail_attempt")

    kept = await stage.admin.fetch(
        "select attname from pg_stats where schemaname = 'notifier' and pg_stats::text ~* 'helene'"
    )
    sampled = await stage.admin.fetch(
        """select attname from pg_stats where schemaname = 'notifier' and attname =
           any('{recipient,subject,headers,text_body,html_body,reply,detail,evidence}')"""
    )
    assert (kept, sampled) == ([], [])


async def test_a_mail_asked_for_after_the_erasure_is_suppressed(stage: Stage, server: MailServer):
    client_id = await stage.client()
    events = [
        await stage.job(client_id),
        insufficient(client_id),
        ClientRegistered(client_id=client_id),
    ]
    await stage.admin.execute("delete from gateway.client where id = $1", client_id)
    await stage.hear(ClientErased(client_id=client_id))
    for event in events:
        await stage.hear(event)

    await stage.send()

    states = {row["state"] for row in await stage.own.fetch("select state from mail")}
    assert (states, server.taken) == ({"suppressed"}, [])


async def test_a_client_erased_after_the_claim_gets_nothing(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    desk = stage.desk()
    [draft] = await desk.claim()
    await stage.hear(ClientErased(client_id=client_id))

    assert not await desk.hand_over(draft, COMPOSER(draft))
    await desk.put_back([draft.mail])

    assert (await stage.mail())["state"] == "suppressed"


async def test_a_mail_under_way_is_settled_without_words(stage: Stage):
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))
    await stage.hear(ClientErased(client_id=client_id))

    await desk.settle(draft.mail, decide(Reply("DATA", 250, f"for {draft.mail.client_id}"), 0))

    mail = await stage.mail()
    assert (mail["state"], mail["evidence"]) == ("sent", "")
    assert (await stage.attempts())[0][2] == ""


async def suppress(stage: Stage, client_id: UUID) -> None:
    await stage.own.execute("insert into suppression values ($1, 'asked')", client_id)


async def test_stops_notifications_and_says_so(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await suppress(stage, client_id)
    await stage.hear(await stage.job(client_id))

    await stage.send()

    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.state, server.taken) == ("suppressed", [])


async def test_does_not_stop_the_welcome(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await suppress(stage, client_id)
    await stage.hear(ClientRegistered(client_id=client_id))

    await stage.send()

    assert len(server.taken) == 1


async def test_between_claim_and_hand_off_still_counts(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    desk = stage.desk()
    [draft] = await desk.claim()
    await suppress(stage, client_id)

    assert not await desk.hand_over(draft, COMPOSER(draft))
    await desk.put_back([draft.mail])
    await stage.send()

    assert ((await stage.mail())["state"], server.taken) == ("suppressed", [])


async def test_an_address_changed_after_the_claim_is_the_one_written_to(
    stage: Stage, server: MailServer
):
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    desk = stage.desk()
    [draft] = await desk.claim()
    await stage.admin.execute(
        "update gateway.client set email = 'new@agence.test' where id = $1", client_id
    )

    assert not await desk.hand_over(draft, COMPOSER(draft))
    await desk.put_back([draft.mail])
    await stage.send()

    assert server.recipients == ["new@agence.test"]


async def test_an_international_address_reaches_its_server(stage: Stage, server: MailServer):
    await stage.hear(await stage.job(await stage.client(email="jo@agence-é.test")))

    await stage.send()

    assert server.recipients == ["jo@xn--agence--hya.test"]


async def test_a_run_under_way_is_delivered_to_whoever_is_no_longer_active(
    stage: Stage, server: MailServer
):
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    await stage.admin.execute("update gateway.client set status = 'inactive'")

    await stage.send()

    assert (await stage.mail())["state"] == "sent"
    assert len(server.taken) == 1
