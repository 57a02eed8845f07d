"""Each point at which a process may end: it is killed there, and the month still ends right."""

from datetime import timedelta
from functools import partial
from typing import Final

from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario, register

REACHED_SECONDS: Final = 90

POINTS: Final = {
    "gateway.before-commit": ("gateway", 8),
    "gateway.after-commit": ("gateway", 8),
    "gateway.after-response": ("gateway", 8),
    "gateway-outcome.committed": ("gateway", 3),
    "gateway-outcome.before-offset": ("gateway", 3),
    "scheduler.before-commit": ("scheduler", 1),
    "scheduler.after-commit": ("scheduler", 1),
    "relay.selected": ("gateway", 3),
    "relay.sent-no-answer": ("assigner", 2),
    "relay.answered-not-marked": ("notifier", 3),
    "scraper.waiting-written": ("scraper", 2),
    "scraper.file-fetched": ("scraper", 12),
    "scraper.file-loaded": ("scraper", 3),
    "scraper.ready-written": ("scraper", 2),
    "scraper.before-offset": ("scraper", 2),
    "assigner.drawn": ("assigner", 2),
    "assigner.committed": ("assigner", 2),
    "assigner.before-offset": ("assigner", 2),
    "notifier.written": ("notifier", 3),
    "notifier.claimed": ("notifier", 3),
    "notifier.rendered": ("notifier", 8),
    "notifier.handing-off": ("notifier", 8),
    "notifier.after-354": ("notifier", 8),
    "notifier.after-250": ("notifier", 8),
}
"""In which service each is reached, and how often at least: the seed says at which passing."""

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
for point, (service, passings) in POINTS.items():
    register(
        Scenario(
            name=f"kill {point}",
            says=f"kill -9 of the {service} at {point}",
            act=partial(_until_dead, point=point),
            failpoint={service: f"{point}:kill"},
            passings=passings,
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
