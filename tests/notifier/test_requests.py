"""Which events make which mails, in any order and however often."""

import random
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import msgspec
import pytest

from libs.common.events import (
    ClientRegistered,
    MailSettled,
    PropertiesAssigned,
    StepProgressed,
)
from tests.notifier.events import insufficient, job_failed
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, Stage

replace = msgspec.structs.replace


async def test_an_event_repeated_asks_for_the_same_mail(stage: Stage, server: MailServer):
    event = await stage.job(await stage.client())
    await stage.hear(event, event)
    await stage.hear(event)

    await stage.send()

    assert len(server.taken) == 1


async def test_a_sent_mail_is_said_again_to_a_newer_run(stage: Stage, server: MailServer):
    event = await stage.job(await stage.client())
    await stage.hear(event)
    await stage.send()

    [again] = await stage.hear(replace(event, run=2))

    assert isinstance(again, MailSettled)
    assert (again.state, again.version, again.run) == ("sent", 1, 2)
    await stage.send()
    assert len(server.taken) == 1


async def test_a_failed_notification_is_tried_anew_for_a_newer_ladder_only(
    stage: Stage, server: MailServer
):
    server.answer("RCPT", "550 no such user")
    event = await stage.job(await stage.client())
    await stage.hear(event)
    await stage.send()
    failed = await stage.mail()

    [again] = await stage.hear(replace(event, run=2))
    assert isinstance(again, MailSettled)
    assert (again.state, again.run) == ("failed", 2)

    await stage.later(timedelta(days=3))
    assert await stage.hear(replace(event, run=3, ladder=2)) == []
    reopened = await stage.mail()
    assert (reopened["state"], reopened["tries"]) == ("pending", 0)
    assert reopened["give_up_at"] - failed["give_up_at"] >= timedelta(days=3)
    assert reopened["message_id"] == failed["message_id"]

    await stage.send()
    settled = (await stage.said())[-1]
    assert isinstance(settled, MailSettled)
    assert (settled.state, settled.version, settled.run, settled.ladder) == ("sent", 2, 3, 2)
    assert [row[0] for row in await stage.attempts()] == ["RCPT", "DATA"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_runs_in_any_order_leave_the_newest(stage: Stage, order: tuple[int, ...]):
    event = await stage.job(await stage.client())
    runs = [replace(event, run=1), replace(event, run=2), replace(event, run=3, ladder=2)]

    for index in order:
        await stage.hear(runs[index], runs[index])

    mail = await stage.mail()
    assert (mail["run"], mail["ladder"]) == (3, 2)


async def test_a_waiting_mail_says_to_a_newer_run_until_when(stage: Stage, server: MailServer):
    server.answer("RCPT", "451 later")
    event = await stage.job(await stage.client())
    await stage.hear(event)
    await stage.send()

    [progress] = await stage.hear(replace(event, run=2))

    assert isinstance(progress, StepProgressed)
    assert (progress.run, progress.state) == (2, "waiting")


async def test_too_few_and_failure_go_to_the_cto_and_touch_no_job(stage: Stage, server: MailServer):
    client_id = await stage.client(first_name="Zoé", last_name="Petit")
    await stage.admin.execute(
        """insert into scraper.place (insee_code, city_id, name, postal_codes, department, region, search)
           values ('01053', gen_random_uuid(), 'Bourg-en-Bresse', '{01000}', '01', '84', 'bourg')"""
    )
    await stage.hear(insufficient(client_id, found=3))
    await stage.hear(job_failed(client_id))

    await stage.send()

    assert server.recipients == [COMPOSER.alert_address] * 2
    subjects = {message["Subject"] for message in server.messages()}
    assert subjects == {
        "[TrackImmo] Adresses insuffisantes : 3/10",
        "[TrackImmo] Traitement en échec après 4 tentatives",
    }
    text = "".join(str(m.get_body(("plain",)).get_content()) for m in server.messages())  # type: ignore[union-attr]
    assert "Zoé Petit" in text
    assert "Bourg-en-Bresse (01000)" in text
    assert "la fenêtre de 6 à 8 ans" in text
    assert "no source answers" in text
    for event in await stage.said():
        assert isinstance(event, MailSettled)
        assert (event.job_id, event.client_id, event.run) == (None, None, None)
        assert event.key == str(event.subject_id)


async def test_each_ladder_that_fails_is_one_mail(stage: Stage, server: MailServer):
    first = job_failed(await stage.client())
    await stage.hear(first, first)
    await stage.hear(replace(first, ladder=2))
    await stage.hear(first)

    await stage.send()

    assert len(server.taken) == 2


async def test_a_registered_client_is_welcomed_once(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(ClientRegistered(client_id=client_id))
    await stage.send()
    await stage.hear(ClientRegistered(client_id=client_id))
    await stage.send()

    [message] = server.messages()
    assert message["Subject"] == "Bienvenue chez TrackImmo, Hélène"


async def test_events_of_many_jobs_in_any_order_make_each_mail_once(
    stage: Stage, server: MailServer
):
    client_id = await stage.client()
    jobs = [await stage.job(client_id, 1) for _ in range(6)]
    assigned = [replace(job, run=run) for job in jobs for run in (1, 2, 3)]
    dice = random.Random(7)
    for _ in range(4):
        dice.shuffle(assigned)
        await stage.hear(*dice.sample(assigned, 9))
        await stage.send()
    await stage.hear(*assigned)
    await stage.send()

    ids = [message["Message-ID"] for message in server.messages()]
    assert len(ids) == len(set(ids)) == 6
    versions = [event.version for event in await stage.said() if isinstance(event, MailSettled)]
    assert set(versions) == {1}


async def test_a_job_without_addresses_fails_its_mail(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(
        PropertiesAssigned(
            job_id=uuid4(),
            client_id=client_id,
            kind="add",
            run=1,
            ladder=1,
            requested=3,
            found=3,
            address_ids=(),
        )
    )

    await stage.send()

    assert ((await stage.mail())["state"], server.taken) == ("failed", [])
