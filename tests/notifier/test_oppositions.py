"""Whoever lives at an address may object: it is in no mail from that moment on."""

from typing import Any
from uuid import UUID

from libs.common.events import MailSettled, PropertiesAssigned
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, Stage


async def oppose(stage: Stage, event: PropertiesAssigned, *positions: int) -> None:
    opposition = await stage.admin.fetchval("""
        insert into scraper.opposition (address, insee_code, reason, door_key)
        values ('1 RUE DES LILAS', '01053', 'asked', gen_random_uuid()::text) returning id
    """)
    keys = [f"{event.job_id}:{position}" for position in positions]
    await stage.admin.execute(
        "insert into scraper.opposed_door select key, $2 from unnest($1::text[]) as key",
        keys,
        opposition,
    )


def texts(server: MailServer) -> list[str]:
    bodies: list[Any] = [message.get_body(("plain",)) for message in server.messages()]
    return [body.get_content() for body in bodies]


async def test_an_opposed_door_is_left_out_and_not_counted(stage: Stage, server: MailServer):
    event = await stage.job(await stage.client(), homes=3)
    await stage.hear(event)
    await oppose(stage, event, 2)

    await stage.send()

    [text] = texts(server)
    assert "1 RUE DES LILAS" in text
    assert "2 RUE DES LILAS" not in text
    assert "3 RUE DES LILAS" in text
    assert server.messages()[0]["Subject"].startswith("TrackImmo : 2 nouvelles adresses")


async def test_a_mail_without_an_address_left_is_suppressed_and_says_why(
    stage: Stage, server: MailServer
):
    event = await stage.job(await stage.client(), homes=2)
    await stage.hear(event)
    await oppose(stage, event, 1, 2)

    await stage.send()

    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.state, settled.job_id, server.taken) == ("suppressed", event.job_id, [])
    assert settled.evidence == "CLAIM: an opposition stands against every address"


async def test_an_opposition_between_claim_and_hand_off_still_counts(
    stage: Stage, server: MailServer
):
    event = await stage.job(await stage.client(), homes=2)
    await stage.hear(event)
    desk = stage.desk()
    [draft] = await desk.claim()
    await oppose(stage, event, 1)

    assert not await desk.hand_over(draft, COMPOSER(draft))
    await desk.put_back([draft.mail])
    await stage.send()

    [text] = texts(server)
    assert "1 RUE DES LILAS" not in text
    assert "2 RUE DES LILAS" in text


async def test_an_opposition_elsewhere_holds_nothing_up(stage: Stage, server: MailServer):
    client_id = await stage.client()
    spoiled, well = await stage.job(client_id), await stage.job(client_id)
    await stage.hear(spoiled, well)
    desk = stage.desk()
    drafts = await desk.claim()
    await oppose(stage, spoiled, 1)

    promised: dict[UUID | None, bool] = {
        draft.mail.job and draft.mail.job.id: await desk.hand_over(draft, COMPOSER(draft))
        for draft in drafts
    }

    assert promised == {spoiled.job_id: False, well.job_id: True}
