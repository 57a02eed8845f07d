"""F37: operators who do the same thing at the same time."""

import asyncio
from typing import Any, Final
from uuid import UUID

import httpx

from tests.faults.load import register
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario
from tests.faults.scenarios.handlers import (
    A_MOMENT,
    BUG,
    DONE,
    HELD_LADDER,
    MEND,
    MET_BY,
)

QUIET_SECONDS: Final = 200
NAMES: Final = ("Anne", "Bruno")
WELCOMED: Final = (
    "select state, attempts from notifier.mail where kind = 'welcome' and client_id = $1"
)
TRIED: Final = "select count(*) = 1 from notifier.held_message where attempts >= $1"
DEAD: Final = "select true, id, event_id from notifier.held_message where state = 'dead'"
HANDLED: Final = "select count(*) from notifier.inbox where event_id = $1"
AUDITED: Final = """
    select actor, detail from gateway.audit where action = 'dead_letter.replay' and target = $1
"""


@scenario("F37", "Two operators replay one dead letter at once, and once more when it is done")
async def replayed_twice(rig: Rig) -> None:
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    await rig.execute(BUG.format(table="notifier.mail"))
    client_id = await register(rig, MET_BY)
    letter = await _dead_letter(rig)
    operators = [await _operator(rig, name) for name in NAMES]
    await rig.execute(MEND.format(table="notifier.mail"))
    path = f"/admin/dead-letters/notifier/{letter['id']}/replay"
    answers = await asyncio.gather(*(_asked(one, path) for one in operators))
    await rig.until_row(DONE, letter["id"])
    too_late = await asyncio.gather(*(_asked(one, path) for one in operators))
    for one in operators:
        await one.aclose()
    if {answer.status_code for answer in too_late} != {409}:
        raise Violated(f"what is done can be replayed: {[one.text for one in too_late]}")
    taken = [answer for answer in answers if answer.is_success]
    target = f"notifier/{letter['id']}"
    rig.ledger.operated += [("dead_letter.replay", target)] * len(taken)
    if sum(answer.json()["changed"] for answer in taken) != 1:
        raise Violated(f"two replays were answered {[one.text for one in answers]}")
    audited = await rig.query(AUDITED, target)
    if len(audited) != len(taken) or len({row["actor"] for row in audited}) != len(taken):
        raise Violated(f"{len(taken)} were answered, {len(audited)} are in the audit")
    rig.note(f"answered {[answer.status_code for answer in answers]}, then 409 twice")
    await _had_one_effect(rig, client_id, letter["event_id"])


async def _dead_letter(rig: Rig) -> Any:
    """The event that meets the bug, given up."""
    for attempts, wait in enumerate(HELD_LADDER, start=1):
        await rig.until_row(TRIED, attempts)
        await rig.advance(wait + A_MOMENT)
    return await rig.until_row(DEAD)


async def _operator(rig: Rig, name: str) -> httpx.AsyncClient:
    """Somebody with a key of their own."""
    answer = await rig.admin.post("/admin/api-keys", json={"name": name, "scopes": ["admin"]})
    made = answer.raise_for_status().json()
    rig.ledger.operated.append(("api_key.create", made["id"]))
    key = {"X-Admin-Key": made["key"]}
    return httpx.AsyncClient(base_url=rig.admin.base_url, timeout=15, headers=key)


async def _asked(operator: httpx.AsyncClient, path: str) -> httpx.Response:
    """The answer, asked for again while the message is being tried."""
    while True:
        answer = await operator.post(path)
        if answer.headers.get("Retry-After") is None:
            return answer
        await asyncio.sleep(float(answer.headers["Retry-After"]))


async def _had_one_effect(rig: Rig, client_id: UUID, event_id: UUID) -> None:
    sent = "select true from notifier.mail where kind = 'welcome' and client_id = $1 and state = 'sent'"
    await rig.until_row(sent, client_id)
    mails = [tuple(row) for row in await rig.query(WELCOMED, client_id)]
    [handled] = await rig.query(HANDLED, event_id)
    if mails != [("sent", 1)] or handled[0] != 1:
        raise Violated(f"the welcome is {mails}, handled {handled[0]} times")
