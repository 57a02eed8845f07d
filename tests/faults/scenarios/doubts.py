"""F32-F34: a mail server that says 250 too late or not at all, and takes no goodbye."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from tests.faults.load import process
from tests.faults.post import Deed
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario
from tests.faults.scenarios.mail import FIRED_SECONDS, HASTY, QUIET_SECONDS, STATES, fired

IN_DOUBT: Final = "select id from notifier.mail where state = 'unknown'"


@scenario(
    "F32",
    "Stored, then dropped or stalled: in doubt, never sent again",
    environ=HASTY,
    telling=True,
)
async def stored_in_silence(rig: Rig) -> None:
    faults = [
        rig.post.on("DATA", after_dot="store-then-drop", times=2),
        rig.post.on("DATA", after_dot="store-then-stall", times=2),
    ]
    rig.ledger.may_doubt += 4
    await rig.loaded.wait()
    for fault in faults:
        await fired(fault)
    await quiet(rig, QUIET_SECONDS)
    await _settle_doubts(rig, 4)
    rig.post.reset()


async def _settle_doubts(rig: Rig, doubts: int) -> None:
    """An operator finds them in the server's log: they were sent."""
    mails = [row["id"] for row in await rig.query(IN_DOUBT)]
    if len(mails) != doubts:
        raise Violated(f"{len(mails)} mails are in doubt, not {doubts}")
    # A day later they are still where they were.
    await rig.advance(timedelta(hours=20))
    await asyncio.sleep(2)
    if [row["id"] for row in await rig.query(IN_DOUBT)] != mails:
        raise Violated("a mail in doubt has moved by itself")
    health: Any = (await rig.admin.get("/admin/health")).json()
    if f"{doubts} may or may not have arrived" not in health["components"]["mails"]["message"]:
        raise Violated("/admin/health says nothing of mails in doubt")
    for mail_id in mails:
        answer = await rig.admin.post(f"/admin/mails/{mail_id}/resolve", json={"as": "sent"})
        if answer.json().get("state") != "sent":
            raise Violated(f"mail {mail_id} cannot be settled: {answer.status_code}")
        rig.ledger.operated.append(("mail.resolve", str(mail_id)))


@scenario(
    "F33",
    "250 in hand, then kill -9: in doubt, never sent again",
    failpoint={"notifier": "notifier.after-250:kill"},
    telling=True,
)
async def dead_after_250(rig: Rig) -> None:
    async def died() -> bool:
        await asyncio.sleep(0)
        return bool(rig.kills)

    await rig.until(died, FIRED_SECONDS)
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    doubts = len(await rig.query(IN_DOUBT))
    if not 1 <= doubts <= rig.ledger.connections:
        raise Violated(f"{doubts} mails are in doubt")
    await _settle_doubts(rig, doubts)


@scenario("F34", "QUIT hangs, breaks, is refused: what has a 250 is sent", telling=True)
async def no_goodbye(rig: Rig) -> None:
    await rig.loaded.wait()
    goodbyes: Sequence[tuple[Deed | None, str]] = (
        ("stall", ""),
        ("drop", ""),
        (None, "421 no"),
        (None, "500 no"),
    )
    for deed, reply in goodbyes:
        fault = rig.post.on("QUIT", does=deed, reply=reply)
        await process(rig, rig.random.choice(sorted(rig.ledger.clients)))
        await quiet(rig, QUIET_SECONDS)
        if await rig.dismiss(rig.of("notifier")):
            raise Violated(f"the notifier could not stop: {deed or reply}")
        await fired(fault)
        rig.post.reset()
        await rig.start("notifier")
    states = {row["state"]: row["mails"] for row in await rig.query(STATES)}
    if states != {"sent": len(rig.post.accepted)}:
        raise Violated(f"{len(rig.post.accepted)} were accepted, and the mails are {states}")
