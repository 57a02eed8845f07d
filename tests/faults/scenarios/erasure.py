"""F36: clients are erased while their jobs run, and what was said of them comes again."""

import asyncio
import time
from typing import Any, Final
from uuid import UUID

from tests.faults.records import Copy, all_met, producing, published, put
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario

QUIET_SECONDS: Final = 200
PAUSES: Final = (0.0, 0.5, 1.5)
"""How long after its job a client is erased."""
IN_HAND_SECONDS: Final = 3.0
"""How long a mail that was being handed over may still take."""

PERSON: Final = """
    select first_name, last_name, email, telephone, company_name from gateway.client where id = $1
"""
SETTLED: Final = """
    select id, email from gateway.client where email like 'adresse1_@%' order by send_day, id
"""
FORGET_EVENTS: Final = "truncate gateway.inbox, scraper.inbox, assigner.inbox, notifier.inbox"
LEFT: Final = """
    select 'choice' as what, count(*) from assigner.choice where client_id = any($1)
    union all
    select 'delivery shown', count(*) from assigner.delivered where client_id = any($1)
    union all
    select 'mail to be sent', count(*) from notifier.mail
      where client_id = any($1) and state in ('pending', 'claimed', 'handing_off')
    union all
    select 'content', count(*) from notifier.mail_content c join notifier.mail m on m.id = c.mail_id
      where m.client_id = any($1)
    union all
    select 'open job', count(*) from gateway.job
      where client_id = any($1) and status in ('processing', 'pending')
"""


@scenario("F36", "Clients are erased while their jobs run, and told of again afterwards")
async def erased(rig: Rig) -> None:
    gone: dict[str, float] = {}
    for row in (await rig.query(SETTLED))[1::2]:  # some of those due today and tomorrow
        await _erase(rig, row["id"], gone)
    for pause in PAUSES:
        client_id = await rig.until(lambda: _at_work(rig))
        await asyncio.sleep(pause)
        await _erase(rig, client_id, gone)
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    await _told_again(rig)
    late = [
        mail.message_id
        for mail in rig.post.accepted
        if mail.at > gone.get(mail.recipient, float("inf")) + IN_HAND_SECONDS
    ]
    if late:
        raise Violated(f"{len(late)} mails went to people who are erased: {late[:3]}")
    left = {row["what"]: row["count"] for row in await rig.query(LEFT, list(rig.ledger.erased))}
    if any(left.values()):
        raise Violated(f"of the erased there is left: {left}")


async def _at_work(rig: Rig) -> UUID | None:
    """A client whose job has just been accepted."""
    await asyncio.sleep(0)
    return next((one for one in rig.ledger.jobs.values() if one not in rig.ledger.erased), None)


async def _erase(rig: Rig, client_id: UUID, gone: dict[str, float]) -> None:
    [person] = await rig.query(PERSON, client_id)
    rig.ledger.erased.add(client_id)

    async def forgotten() -> bool:
        return (await rig.api.delete(f"/api/clients/{client_id}")).status_code == 204

    await rig.until(forgotten)
    rig.ledger.operated.append(("client.erase", str(client_id)))
    rig.ledger.personal |= {word for word in person.values() if word}
    gone[person["email"]] = time.time()


async def _told_again(rig: Rig) -> None:
    """All events of the erased: known, forgotten by the inboxes, and as new ones."""
    mails = len(rig.post.accepted)
    names = {str(one) for one in rig.ledger.erased}
    async with producing(rig) as producer:
        copies = [copy for copy in await published(rig) if copy.key in names]
        await _tell(rig, producer, copies)
        await rig.execute(FORGET_EVENTS)
        everything = await published(rig)
        await _tell(rig, producer, everything)
        await quiet(rig, QUIET_SECONDS)
        anew = [copy.afresh() for copy in copies]
        rig.ledger.injected |= {copy.id for copy in anew}
        await _tell(rig, producer, anew)
        await all_met(rig, anew)
        await quiet(rig, QUIET_SECONDS)
    if sent := len(rig.post.accepted) - mails:
        raise Violated(f"{sent} mails were sent for events that came again")
    rig.note(f"{len(rig.ledger.erased)} erased, {len(copies)} events of theirs told three times")


async def _tell(rig: Rig, producer: Any, copies: list[Copy]) -> None:
    for copy in rig.random.sample(copies, len(copies)):
        await put(rig, producer, copy)
    rig.ledger.replayed += len(copies)
