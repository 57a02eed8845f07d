"""What becomes of our own processes: killed, restarted, frozen, slow, hanging, many."""

import asyncio
import signal
import time
from functools import partial
from itertools import count
from typing import Final

from deploy.local.settings import SERVICES
from tests.faults.load import process, register
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import OUTAGE_SECONDS, scenario
from tests.faults.scenarios import looks
from tests.faults.zygote import Life

FROZEN_SECONDS: Final = 90.0
"""Longer than Kafka's session (6 s) and every lease (30 s of a mail, 60 s of a refresh)."""
TAKEN_OVER_SECONDS: Final = 60.0
WORKERS: Final = ("scraper", "assigner", "notifier")
MOST_REPLICAS: Final = 4


@scenario("F2", "A process is killed every 0 to 5 s, for a minute", clients=24)
async def killed_at_random(rig: Rig) -> None:
    ends = time.monotonic() + 2 * OUTAGE_SECONDS
    while time.monotonic() < ends:
        await asyncio.sleep(rig.random.uniform(0, 5))
        if rig.lives:
            rig.random.choice(rig.lives).signal(signal.SIGKILL)


@scenario("F3", "All five are restarted, one after the other, under load", clients=24, telling=True)
async def rolling_restart(rig: Rig) -> None:
    """Each finishes what it has in hand and leaves; what comes again is counted."""
    enough = asyncio.Event()
    asking = asyncio.create_task(_keep_asking(rig, enough))
    for service in SERVICES * 2:
        status = await rig.stop(service)
        if status:
            raise Violated(f"{service} ended with {status} when it was asked to stop")
        await rig.start(service)
        await asyncio.sleep(2)
    enough.set()
    await asking


@scenario(
    "F4",
    "A scraper is frozen for 90 s with a refresh in hand",
    failpoint={"scraper": "scraper.file-fetched:sleep:1:5"},
)
async def frozen_scraper(rig: Rig) -> None:
    """Another takes over; when the first wakes, its fence is refused."""
    await _freeze(rig, "scraper")
    rig.expect("the fence refuses who wakes", partial(_said, rig, "scraper", "lease_lost"))


@scenario(
    "F4-mail",
    "A notifier is frozen for 90 s with mails in hand",
    failpoint={"notifier": "notifier.claimed:sleep:1:5"},
)
async def frozen_notifier(rig: Rig) -> None:
    """Its mails go out once, by another, and it may hand over nothing when it wakes."""
    await _freeze(rig, "notifier")


@scenario(
    "F4-transaction",
    "An assigner is frozen for 90 s within its transaction",
    failpoint={"assigner": "assigner.drawn:sleep:1:5"},
)
async def frozen_assigner(rig: Rig) -> None:
    """What it has locked is freed, whoever takes over goes on before it wakes."""
    await _freeze(rig, "assigner", "select count(*) > 0 from assigner.choice")


@scenario("F23", "Replicas come and go every 2 s, for 30 s", clients=24)
async def comings_and_goings(rig: Rig) -> None:
    """All is handled once, and handling goes on meanwhile."""
    ends, extra = time.monotonic() + OUTAGE_SECONDS, list[Life]()
    rig.ledger.replicas |= dict.fromkeys(WORKERS, 1 + MOST_REPLICAS)
    while time.monotonic() < ends:
        if len(extra) < MOST_REPLICAS and (not extra or rig.random.random() < 0.6):
            extra.append(await rig.start(rig.random.choice(WORKERS)))
        else:
            await rig.dismiss(extra.pop(0))
        await asyncio.sleep(2)
    done = await rig.query("select count(*) from gateway.job where status = 'completed'")
    if not done[0][0]:
        raise Violated("nothing was done while replicas came and went")
    await asyncio.gather(*(rig.dismiss(life) for life in extra))


@scenario(
    "F24",
    "One scraper more than partitions, and a busy one dies for good",
    replicas={"scraper": 4},
)
async def standby(rig: Rig) -> None:
    """Who had nothing to do takes over within a minute."""
    rig.ledger.replicas["scraper"] = 4
    idle = await rig.until(partial(_the_idle_one, rig), 60)
    busy = next(life for life in rig.lives if life.service == "scraper" and life is not idle)
    began = time.monotonic()
    await rig.dismiss(busy, signal.SIGKILL)
    await rig.until(partial(_is_ready, idle), TAKEN_OVER_SECONDS)
    rig.note(f"the standby took over after {time.monotonic() - began:.1f} s")
    await process(rig, await register(rig, 90))


async def _freeze(rig: Rig, service: str, taken_over: str = "") -> None:
    """Freeze who stands at its failpoint, have another beside it, and thaw it later."""

    async def at_its_point() -> bool:
        return looks.logged(rig, service, "failpoint") > 0

    await rig.until(at_its_point, 90)
    frozen, rig.ledger.replicas[service] = rig.pause(service), 2
    began = time.monotonic()
    await rig.start(service)
    if taken_over:
        await rig.until_row(taken_over, seconds=FROZEN_SECONDS)
        rig.note(f"taken over after {time.monotonic() - began:.0f} s")
    await asyncio.sleep(FROZEN_SECONDS - (time.monotonic() - began))
    frozen.signal(signal.SIGCONT)


async def _said(rig: Rig, service: str, event: str) -> None:
    if not looks.logged(rig, service, event):
        raise Violated(f"the {service} never said {event}")


async def _keep_asking(rig: Rig, enough: asyncio.Event) -> None:
    """New clients and their jobs, one after the other."""
    await rig.loaded.wait()
    for number in count(100):
        if enough.is_set():
            return
        await process(rig, await register(rig, number))


async def _the_idle_one(rig: Rig) -> Life | None:
    """The only scraper without a partition, once the others have one."""
    all_four = [life for life in rig.lives if life.service == "scraper"]
    idle = [life for life in all_four if not await _is_ready(life)]
    return idle[0] if len(idle) == 1 else None


async def _is_ready(life: Life) -> bool:
    return (await looks.probe(life, "/ready")).is_success
