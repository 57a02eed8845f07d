"""The day before a delivery: one notice, or none."""

from datetime import date, timedelta

import msgspec

from libs.common.events import PreNotification
from services.notifier.domain.mail import Draft
from services.notifier.repository.desk import PostgresDesk
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, Stage


async def paris_today(stage: Stage) -> date:
    return await stage.own.fetchval("select (public.clock() at time zone 'Europe/Paris')::date")


async def test_goes_out_once_to_the_clients_of_the_day_after(stage: Stage, server: MailServer):
    today = await paris_today(stage)
    tomorrow = today + timedelta(days=1)
    client_id = await stage.client(send_day=tomorrow.day)
    await stage.client(send_day=(tomorrow + timedelta(days=3)).day)
    tick = PreNotification(due_on=today)

    await stage.hear(tick, tick)
    await stage.hear(msgspec.structs.replace(tick, late=True))
    await stage.send()

    mail = await stage.mail("monthly")
    assert (mail["subject_id"], mail["period"]) == (client_id, f"{tomorrow:%Y-%m}")
    assert len(server.taken) == 1
    assert server.messages()[0]["Subject"] == "TrackImmo : vos adresses arrivent demain, Hélène"
    handled = await stage.own.fetch("select kind, due_on, clients from tick_handled")
    assert [tuple(row) for row in handled] == [("pre_notification", today, 1)]


async def test_a_tick_whose_delivery_day_has_come_sends_nothing(stage: Stage):
    today = await paris_today(stage)
    await stage.client(send_day=today.day)

    await stage.hear(PreNotification(due_on=today - timedelta(days=1), late=True))

    assert await stage.own.fetchval("select count(*) from mail") == 0
    assert await stage.own.fetchval("select clients from tick_handled") == 0


async def test_a_client_who_moves_their_day_hears_once_for_a_month(stage: Stage):
    today = await paris_today(stage)
    client_id = await stage.client(send_day=(today + timedelta(days=1)).day)
    await stage.hear(PreNotification(due_on=today))
    await stage.later(timedelta(days=1))
    after = today + timedelta(days=2)
    await stage.admin.execute(
        "update gateway.client set send_day = $2 where id = $1", client_id, after.day
    )

    await stage.hear(PreNotification(due_on=today + timedelta(days=1)))

    months = {f"{day:%Y-%m}" for day in (today + timedelta(days=1), after)}
    assert await stage.own.fetchval("select count(*) from mail") == len(months)


async def test_a_notice_that_would_come_too_late_fails_visibly(stage: Stage, server: MailServer):
    today = await paris_today(stage)
    await stage.client(send_day=(today + timedelta(days=1)).day)
    await stage.hear(PreNotification(due_on=today))
    await stage.later(timedelta(days=1))

    await stage.send()

    mail = await stage.mail("monthly")
    assert (mail["state"], server.taken) == ("failed", [])
    assert "too late" in mail["evidence"]


async def claimed(stage: Stage) -> tuple[PostgresDesk, Draft]:
    """A notice of a delivery that is tomorrow, in the hands of a sender."""
    today = await paris_today(stage)
    await stage.client(send_day=(today + timedelta(days=1)).day)
    await stage.hear(PreNotification(due_on=today))
    desk = stage.desk()
    [draft] = await desk.claim()
    return desk, draft


async def test_whoever_leaves_after_the_claim_gets_no_notice(stage: Stage, server: MailServer):
    desk, draft = await claimed(stage)
    await stage.admin.execute("update gateway.client set status = 'inactive'")

    assert not await desk.hand_over(draft, COMPOSER(draft))
    await desk.put_back([draft.mail])
    await stage.send()

    assert ((await stage.mail("monthly"))["state"], server.taken) == ("suppressed", [])


async def test_a_notice_claimed_the_day_before_is_not_handed_over(stage: Stage, server: MailServer):
    desk, draft = await claimed(stage)
    letter = COMPOSER(draft)
    await stage.later(timedelta(days=1))

    assert not await desk.hand_over(draft, letter)
