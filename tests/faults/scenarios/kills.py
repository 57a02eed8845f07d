"""Each point at which a process may end: it is killed there, and the month still ends right."""

from datetime import timedelta
from functools import partial
from typing import Final

from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario, register

REACHED_SECONDS: Final = 90

POINTS: Final = {
    "gateway.before-commit": "gateway",
    "gateway.after-commit": "gateway",
    "gateway.after-response": "gateway",
    "gateway-outcome.committed": "gateway",
    "gateway-outcome.before-offset": "gateway",
    "scheduler.before-commit": "scheduler",
    "scheduler.after-commit": "scheduler",
    "relay.selected": "gateway",
    "relay.sent-no-answer": "assigner",
    "relay.answered-not-marked": "notifier",
    "scraper.waiting-written": "scraper",
    "scraper.file-fetched": "scraper",
    "scraper.file-loaded": "scraper",
    "scraper.ready-written": "scraper",
    "scraper.before-offset": "scraper",
    "assigner.drawn": "assigner",
    "assigner.committed": "assigner",
    "assigner.before-offset": "assigner",
    "notifier.written": "notifier",
    "notifier.claimed": "notifier",
    "notifier.rendered": "notifier",
    "notifier.handing-off": "notifier",
    "notifier.after-354": "notifier",
    "notifier.after-250": "notifier",
}
"""And in which service it is reached."""

REFUSING: Final = """
    create function notifier.refuse() returns trigger language plpgsql
    as $$ begin raise exception 'this table takes nothing for now'; end $$;
    create trigger refuse before insert on notifier.mail
      for each row when (new.kind = 'welcome') execute function notifier.refuse();
"""
TAKING: Final = "drop trigger refuse on notifier.mail"
WAITING: Final = "select count(*) > 0 from notifier.held_message where state = 'waiting'"


async def calm(rig: Rig) -> None:
    """Nothing happens: what all others are compared with."""


async def _until_dead(rig: Rig, *, point: str) -> None:
    async def died() -> bool:
        return bool(rig.kills)

    try:
        await rig.until(died, REACHED_SECONDS)
    except Violated:
        raise Violated(f"{point} was never reached") from None


async def _refuse(rig: Rig) -> None:
    await rig.execute(REFUSING)


async def _until_dead_of_held(rig: Rig, *, point: str) -> None:
    await rig.until_row(WAITING)
    await rig.execute(TAKING)
    await rig.advance(timedelta(minutes=2))
    await _until_dead(rig, point=point)


register(Scenario(name="calm", says="Nothing happens", act=calm))
for point, service in POINTS.items():
    register(
        Scenario(
            name=f"kill {point}",
            says=f"kill -9 of the {service} at {point}",
            act=partial(_until_dead, point=point),
            failpoint={service: f"{point}:kill"},
            seeds=True,
        )
    )
for point in ("held.taken", "held.done"):
    register(
        Scenario(
            name=f"kill {point}",
            says=f"kill -9 of the notifier at {point}, a message being tried again",
            act=partial(_until_dead_of_held, point=point),
            before=_refuse,
            failpoint={"notifier": f"{point}:kill"},
            seeds=True,
        )
    )
