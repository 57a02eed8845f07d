"""F38: load and mixed faults for many minutes, the memory of every process watched.

Processes are killed only in the beginning: a process that starts anew has no past to compare
with. Then they warm up, and are watched for as long as asked, while everything else goes on failing.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

import httpx
import psutil

from deploy.local.settings import SERVICES
from tests.faults import memory
from tests.faults.load import process, register
from tests.faults.memory import LEAST_SAMPLES, Memory, Watch, trend
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import commit
from tests.faults.scenario import Scenario
from tests.faults.scenarios.looks import probe

KILLING_SECONDS: Final = 120
WARM_UP_SECONDS: Final = 600
"""Until the words that mails share, and where events go, are remembered: those memories are bounded."""
FIRST_NUMBER: Final = 1000
BREATH_SECONDS: Final = 1.5
"""Between two new clients."""
SCRAPE_SECONDS: Final = 15.0
SHORT_OUTAGE_SECONDS: Final = 10.0
RESTARTING: Final = (httpx.TransportError, LookupError, psutil.Error, Violated)
"""What is heard of a service that dies or begins at this moment."""
LATER: Final = "451 4.3.0 try again later"
IN_HAND: Final = """
    with put_off as (
      select job_id from notifier.mail where state = 'pending' and next_try_at > public.clock()
    )
    select not exists (
      select from notifier.mail
      where state in ('claimed', 'handing_off')
         or (state = 'pending' and next_try_at <= public.clock())
    ) and not exists (
      select from gateway.job
      where status = 'processing' and id not in (select job_id from put_off where job_id is not null)
    )
"""
DEFERRED: Final = """
    select extract(epoch from max(at) - public.clock())::float8 as seconds
    from (
      select next_try_at as at from notifier.mail where state = 'pending'
      union all select next_attempt_at from gateway.job where status = 'pending'
    ) as waiting
    having max(at) > public.clock() + interval '1 second'
"""
PATIENCE_SECONDS: Final = 180

Fault = Callable[[Rig], Awaitable[None]]


def soak(minutes: float) -> Scenario:
    """The scenario in which memory is watched for that long; it takes twelve minutes more."""
    return Scenario(
        name="F38",
        says=f"Load and mixed faults for {minutes:g} minutes, memory watched",
        act=partial(_live, seconds=minutes * 60),
        alone=True,
    )


async def _live(rig: Rig, *, seconds: float) -> None:
    watch, struck, began = Watch(), Counter[str](), time.monotonic()
    enough = asyncio.Event()
    async with _beside(_keep_scraping(rig), watch.keep_looking(rig.lives)):
        asking = asyncio.create_task(_keep_asking(rig, enough))
        await _strike(rig, struck, began + KILLING_SECONDS, DEADLY)
        warm = time.monotonic() + WARM_UP_SECONDS
        await _strike(rig, struck, warm + seconds, FAULTS)
        enough.set()
        await asking
    for name, times in sorted(struck.items()):
        rig.note(f"{name}: {times} times")
    seen = _seen(rig, watch, warm)
    memory.keep(seen)
    rig.expect("the memory of every process is flat", partial(_are_flat, seen))
    await _let_waits_pass(rig)


async def _strike(rig: Rig, struck: Counter[str], until: float, faults: dict[str, Fault]) -> None:
    """One fault after the other, some seconds of peace between them, each kind as often."""
    order = list[str]()
    while time.monotonic() < until:
        if not order:
            order = rig.random.sample(sorted(faults), len(faults))
        await asyncio.sleep(rig.random.uniform(2, 8))
        name = order.pop()
        struck[name] += 1
        await faults[name](rig)


async def _killed(rig: Rig) -> None:
    if rig.lives:
        rig.kill(rig.random.choice(rig.lives).service)


async def _kafka_away(rig: Rig) -> None:
    rig.kafka.down()
    await asyncio.sleep(rig.random.uniform(2, SHORT_OUTAGE_SECONDS))
    rig.kafka.up()


async def _sessions_ended(rig: Rig) -> None:
    await rig.renew_sessions()


async def _mails_refused(rig: Rig) -> None:
    rig.post.on("RCPT", reply=LATER, share=0.3)
    await asyncio.sleep(rig.random.uniform(5, 15))
    rig.post.reset()


FAULTS: Final[dict[str, Fault]] = {
    "F6": _kafka_away,
    "F13": _sessions_ended,
    "F29": _mails_refused,
}
DEADLY: Final[dict[str, Fault]] = {"F2": _killed, "F13": _sessions_ended}


async def _keep_asking(rig: Rig, enough: asyncio.Event) -> None:
    """New clients, their jobs, and how the last one is doing."""
    await rig.loaded.wait()
    for number in count(FIRST_NUMBER):
        if enough.is_set():
            return
        job_id = await process(rig, await register(rig, number))
        await asyncio.sleep(BREATH_SECONDS)
        with contextlib.suppress(httpx.TransportError):  # it is being restarted: next time
            await rig.api.get(f"/api/job-status/{job_id}")
            await rig.admin.get("/admin/health")


async def _keep_scraping(rig: Rig) -> None:
    """Metrics are read as Prometheus reads them."""
    while True:
        for service in SERVICES:
            with contextlib.suppress(*RESTARTING):
                await probe(rig.of(service), "/metrics")
        await asyncio.sleep(SCRAPE_SECONDS)


@contextlib.asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Work that goes on for ever, during the block."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [each for each in ended if isinstance(each, Exception)]
    if failed:
        raise failed[0]


def _seen(rig: Rig, watch: Watch, warm: float) -> list[Memory]:
    """How the memory of each process went that has a series worth a line."""
    now = datetime.now(UTC)
    return [
        Memory(
            seed=rig.seed,
            commit=commit(),
            at=now,
            service=watch.services[pid],
            minutes=(series[-1][0] - series[0][0]) / 60,
            samples=len(series),
            first_mb=series[0][1] / memory.MB,
            last_mb=series[-1][1] / memory.MB,
            most_mb=max(size for _, size in series) / memory.MB,
            trend=trend(series),
        )
        for pid, series in watch.since(warm).items()
        if len(series) >= LEAST_SAMPLES
    ]


async def _are_flat(seen: Sequence[Memory]) -> None:
    """Violated by each process that grew, and where one was not seen long enough."""
    grew = [str(each) for each in seen if not each.trend.is_flat]
    if grew:
        raise Violated("; ".join(grew))
    if {each.service for each in seen} != set(SERVICES):
        raise Violated(f"only {len(seen)} processes were watched long enough")


async def _let_waits_pass(rig: Rig) -> None:
    """Move the clock over the waits of mails that were put off, and of jobs that run again."""
    rig.post.reset()
    while True:
        await rig.until_row(IN_HAND, seconds=PATIENCE_SECONDS)
        waiting = await rig.query(DEFERRED)
        if not waiting:
            return
        rig.note(f"the clock was moved on by {waiting[0]['seconds'] / 60:.0f} min for who waits")
        await rig.advance(timedelta(seconds=waiting[0]["seconds"] + 1))
