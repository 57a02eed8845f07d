"""F17, F18: events that come twice, to two at once, in no order, a month late."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from deploy.local.ports import free_port
from tests.faults.records import (
    Copy,
    in_our_hands,
    producing,
    published,
    put,
    put_again,
    readers_of,
)
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet, suppressed
from tests.faults.scenario import scenario
from tests.faults.servers import PARTITIONS

QUIET_SECONDS: Final = 200
SUPPRESSED_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.2
GATHERED_SECONDS: Final = 1.0
MONTH: Final = timedelta(days=30)
WORKERS: Final = dict.fromkeys(("scraper", "assigner", "notifier"), 2)

OUTCOME: Final = """
    select 'job', id::text, status, properties_assigned::text from gateway.job
    union all select 'delivery', client_id::text, month::text, job_id::text
              from gateway.monthly_delivery
    union all select 'home', home_key, client_id::text, job_id::text from assigner.assignment
    union all select 'mail', id::text, state, version::text from notifier.mail
    order by 1, 2, 3
"""
FORGET_EVENTS: Final = """
    truncate gateway.inbox, scraper.inbox, assigner.inbox, notifier.inbox
"""


@scenario("F17", "Every event comes twice", telling=True)
async def twice(rig: Rig) -> None:
    await _again(rig, times=1)


@scenario("F17-ten", "Every event comes ten times more")
async def ten_times(rig: Rig) -> None:
    await _again(rig, times=10)


async def _again(rig: Rig, *, times: int) -> None:
    injected, known = 0, set[Any]()
    async with producing(rig) as producer:

        async def repeat() -> None:
            nonlocal injected
            new = [copy for copy in await published(rig) if copy.id not in known]
            known.update(copy.id for copy in new)
            await put_again(rig, producer, new * times)
            injected += times * sum(len(readers_of(copy.topic)) for copy in new)

        async with _every(LOOK_SECONDS, repeat):
            await rig.loaded.wait()
            await quiet(rig, QUIET_SECONDS)
        await repeat()
    await _all_suppressed(rig, injected)


@scenario("F17-replicas", "Every event comes to two replicas at once", replicas=WORKERS)
async def at_once(rig: Rig) -> None:
    injected = 0
    async with producing(rig) as producer:

        async def deliver(copies: Sequence[Copy]) -> None:
            nonlocal injected
            for copy in copies:
                each = (put(rig, producer, copy, one) for one in range(PARTITIONS))
                await asyncio.gather(*each)
                rig.ledger.replayed += PARTITIONS - 1
                injected += (PARTITIONS - 1) * len(readers_of(copy.topic))

        async with in_our_hands(rig, deliver):
            rig.ledger.replicas["gateway"] = 2
            await rig.start("gateway", environ={"GATEWAY_PORT": str(free_port())})
            await rig.loaded.wait()
            await quiet(rig, QUIET_SECONDS)
    await _all_suppressed(rig, injected)


async def _all_suppressed(rig: Rig, injected: int) -> None:
    """As many were known already as came again."""

    async def all_met() -> bool:
        return await asyncio.to_thread(suppressed, rig.folder) >= injected

    with contextlib.suppress(Violated):  # it is told in numbers below
        await rig.until(all_met, SUPPRESSED_SECONDS)
    found = suppressed(rig.folder)
    rig.note(f"{injected} duplicates injected, {found} suppressed")
    if found < injected:
        raise Violated(f"{injected} came again, {found} were suppressed")


@scenario("F18", "Events come in no order, and all of them once more a month late")
async def in_no_order(rig: Rig) -> None:
    async with producing(rig) as producer:

        async def deliver(copies: Sequence[Copy]) -> None:
            for copy in rig.random.sample(copies, len(copies)):
                await put(rig, producer, copy, rig.random.randrange(PARTITIONS))

        async with in_our_hands(rig, deliver, every=GATHERED_SECONDS):
            await rig.loaded.wait()
            async with _every(GATHERED_SECONDS, lambda: _let_pile_up(rig)):
                await quiet(rig, QUIET_SECONDS)
        async with _a_month_later(rig):
            before = await _outcome(rig)
            await rig.execute(FORGET_EVENTS)
            copies = await published(rig)
            rig.ledger.replayed += len(copies)
            await deliver(copies)
            await quiet(rig, QUIET_SECONDS)
            after = await _outcome(rig)
    rig.note(f"{len(copies)} events came a month late, known to nobody any more")
    if changed := before ^ after:
        raise Violated(f"What came late has changed something: {sorted(changed)[:5]}")


async def _let_pile_up(rig: Rig) -> None:
    """What has come to the gateway meanwhile, it reads partition by partition."""
    life = rig.pause("gateway")
    await asyncio.sleep(3 * GATHERED_SECONDS)
    life.signal(signal.SIGCONT)


async def _outcome(rig: Rig) -> set[tuple[str, ...]]:
    return {tuple(map(str, row)) for row in await rig.query(OUTCOME)}


@asynccontextmanager
async def _a_month_later(rig: Rig) -> AsyncGenerator[None]:
    """The database believes it; the days between have no ticks."""
    rig.keep_down("scheduler")
    await rig.advance(MONTH)
    yield
    await rig.advance(-MONTH)
    rig.let_up("scheduler")


@asynccontextmanager
async def _every(seconds: float, work: Any) -> AsyncGenerator[None]:
    """Do something again and again while the block lasts, and to its end once begun."""
    over = asyncio.Event()

    async def repeat() -> None:
        while not over.is_set():
            await work()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        over.set()
        await task
