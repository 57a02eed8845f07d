"""What PostgreSQL does to us: away, cut off in the middle, locked, slow, short of connections."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from functools import partial
from typing import Final

import asyncpg
import httpx

from deploy.local.settings import SERVICES
from tests.faults.load import process, register
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import OUTAGE_SECONDS, scenario
from tests.faults.scenarios import looks
from tests.faults.scenarios.bus import no_crash

COMMIT: Final = b"COMMIT;\x00"
LOCKED_SECONDS: Final = 20.0
LOCKS: Final = """
    lock table gateway.job, gateway.outbox, scraper.waiting_job, scraper.inbox,
               assigner.choice, notifier.mail in access exclusive mode
"""
PATIENT_SECONDS: Final = 12.0
"""Longer than any request may wait for a connection (5 s), and then for an answer."""
CALLERS: Final = 100
MOST_SESSIONS: Final = 40
"""Of a gateway: 20 lent ones, and some that it keeps for itself."""
SESSIONS: Final = """
    select count(*) filter (where usename = 'gateway') as open,
           count(*) filter (where state like 'idle in transaction%'
                            and xact_start < clock_timestamp() - interval '10 s') as stuck
    from pg_stat_activity where datname = current_database()
"""
LAST_WRITTEN: Final = {
    "scraper": "scraper.outbox",
    "assigner": "assigner.outbox",
    "notifier": "notifier.mail",
    "gateway": "gateway.movement",
}
"""The table that each consumer's transaction writes last."""
CONSUMER_WAITS: Final = """
    select true from pg_locks waits join pg_locks has using (pid)
    where not waits.granted and waits.relation = $1::text::regclass
      and has.relation = $2::text::regclass and has.mode = 'RowExclusiveLock'
"""


@scenario("F11", "PostgreSQL is away for 30 s under load", telling=True)
async def away(rig: Rig) -> None:
    """Callers are told to come back, no offset moves, all go on by themselves."""
    await asyncio.sleep(rig.random.uniform(0.5, 2))
    rig.postgres.down()
    ends = time.monotonic() + OUTAGE_SECONDS
    await asyncio.sleep(1)
    before = await looks.committed(rig)
    await _says_come_back(rig)
    await asyncio.sleep(ends - time.monotonic())
    if await looks.committed(rig) != before:
        raise Violated("offsets were committed while PostgreSQL was away")
    rig.expect("no service gave up for want of PostgreSQL", partial(no_crash, rig))
    rig.postgres.up()


@scenario("F11-boot", "PostgreSQL is away when the services start, and for 30 s")
async def away_at_boot(rig: Rig) -> None:
    """They say what is missing, and recover unaided."""
    rig.postgres.down()
    rig.keep_down(*SERVICES)
    rig.let_up(*SERVICES)
    await asyncio.sleep(OUTAGE_SECONDS)
    for service in SERVICES:
        answer = await looks.probe(rig.of(service), "/ready")
        if answer.status_code != 503:
            raise Violated(f"{service} without PostgreSQL says {answer.status_code} {answer.text}")
    rig.expect("no service gave up for want of PostgreSQL", partial(no_crash, rig))
    rig.postgres.up()


@scenario("F11-crash", "PostgreSQL is killed and recovers from its log", alone=True)
async def crashed(rig: Rig) -> None:
    """What it had said yes to it still knows, and we ask it."""
    for _ in range(2):
        await asyncio.sleep(rig.random.uniform(1, 3))
        rig.servers.kill_postgres()
        await asyncio.sleep(OUTAGE_SECONDS / 3)
        rig.servers.start_postgres()
    rig.expect("no service gave up for want of PostgreSQL", partial(no_crash, rig))


@scenario("F12", "Connections to PostgreSQL end in the middle of a commit", telling=True)
async def cut_at_commit(rig: Rig) -> None:
    """Whether it was done is looked up by key, never assumed: half of them were."""
    for number in range(6):
        if number % 2:
            cut = rig.postgres.cut_before(COMMIT, direction="up", times=3)
        else:
            cut = rig.postgres.cut_after(COMMIT, direction="up", times=3, drop=True)
        await looks.happens(cut, "three commits cut")
    rig.expect("no service gave up for a lost connection", partial(no_crash, rig))


@scenario("F13", "Every session is ended, ten times in 30 s")
async def terminated(rig: Rig) -> None:
    """As a failover does: connections are made anew, the relay's lock is taken anew."""
    for _ in range(10):
        await asyncio.sleep(rig.random.uniform(0, OUTAGE_SECONDS / 5))
        await rig.renew_sessions()
    rig.expect("no service gave up for a lost session", partial(no_crash, rig))


@scenario("F14", "Somebody keeps the hot tables locked for 20 s")
async def locked(rig: Rig) -> None:
    """Waits have bounds: the gateway goes on answering, handlers go on afterwards."""
    await asyncio.sleep(rig.random.uniform(0.5, 2))
    async with _session(rig) as session, session.transaction():
        await session.execute(LOCKS)
        ends = time.monotonic() + LOCKED_SECONDS
        asking = asyncio.create_task(_ask(rig, 200))
        answer = await rig.api.get("/health")
        if not answer.is_success:
            raise Violated(f"with tables locked /health says {answer.status_code}")
        await asyncio.sleep(ends - time.monotonic())
    await asking


@scenario("F14-deadlock", "Every consumer is the victim of a deadlock")
async def deadlocked(rig: Rig) -> None:
    """What was undone is tried again in place, and no job hears of it."""
    for number, (service, table) in enumerate(LAST_WRITTEN.items()):
        asking = asyncio.create_task(_ask(rig, 200 + number))
        await _cross(rig, service, table)
        await asking
        rig.expect(f"the {service} yields", partial(_met_a_deadlock, rig, service))
    if ran_twice := await rig.query("select id from gateway.job where run > 1"):
        raise Violated(f"{len(ran_twice)} jobs had to run again for a deadlock")


@scenario("F14-slow", "PostgreSQL takes a second for every word, for 30 s")
async def slow(rig: Rig) -> None:
    """Slow is not wrong: nothing is given up that need not be, and all catches up."""
    rig.postgres.latency_seconds = 0.5
    await asyncio.sleep(OUTAGE_SECONDS)
    rig.postgres.heal()


@scenario("F15", "A hundred callers at once, who go away again, while the database stands still")
async def crowded(rig: Rig) -> None:
    """No connection is lost to those who left; whoever stays is told to come back."""
    await rig.loaded.wait()
    client_id = min(rig.ledger.clients)
    async with _session(rig) as session, session.transaction():
        await session.execute("lock table gateway.client in access exclusive mode")
        for _ in range(5):
            crowd = (_impatient(rig, f"/api/clients/{client_id}") for _ in range(CALLERS))
            await asyncio.gather(*crowd)
        await _says_come_back(rig)
    await rig.until(partial(_answers, rig, f"/api/clients/{client_id}"), 20)
    rig.expect("no connection leaked", partial(_no_leak, rig))


@contextlib.asynccontextmanager
async def _session(rig: Rig) -> AsyncGenerator[asyncpg.Connection]:
    """A session of somebody else's; where it meets one of ours in a deadlock, ours has to yield."""
    session = await asyncpg.connect(rig.database.url())
    try:
        await session.execute("set deadlock_timeout = '5s'")  # theirs is 1 s: they look first
        yield session
    finally:
        session.terminate()


async def _cross(rig: Rig, service: str, table: str) -> None:
    """Hold what a consumer's transaction needs last, then ask for what it has, until it yields."""
    crossed = False
    while not crossed:
        async with _session(rig) as session:
            # Whoever looks once, before there was a deadlock, leaves it to us to yield: once more.
            with contextlib.suppress(asyncpg.DeadlockDetectedError):
                async with session.transaction():
                    await session.execute(f"lock table {table} in share row exclusive mode")
                    await rig.until_row(CONSUMER_WAITS, table, f"{service}.inbox")
                    await session.execute(f"lock table {service}.inbox in exclusive mode")
                crossed = True


async def _met_a_deadlock(rig: Rig, service: str) -> None:
    if not looks.logged(rig, service, "batch_failed"):
        raise Violated("it met no deadlock")


async def _ask(rig: Rig, number: int) -> None:
    await process(rig, await register(rig, number))


async def _says_come_back(rig: Rig) -> None:
    """Callers get a problem document with 503, and when to come back."""
    began = time.monotonic()
    answer = await rig.api.get("/api/cities", params={"q": "01053"}, timeout=PATIENT_SECONDS)
    kind = answer.headers.get("content-type", "")
    if answer.status_code != 503 or "problem+json" not in kind:
        raise Violated(f"without PostgreSQL callers got {answer.status_code} {kind}")
    if "retry-after" not in answer.headers:
        raise Violated("without PostgreSQL callers are not told when to come back")
    rig.note(f"503 after {time.monotonic() - began:.1f} s")


async def _impatient(rig: Rig, path: str) -> None:
    with contextlib.suppress(httpx.TimeoutException, httpx.TransportError):
        await rig.api.get(path, timeout=rig.random.uniform(0.05, 0.5))


async def _answers(rig: Rig, path: str) -> bool:
    return (await rig.api.get(path)).is_success


async def _no_leak(rig: Rig) -> None:
    [row] = await rig.query(SESSIONS)
    if row["open"] > MOST_SESSIONS or row["stuck"]:
        raise Violated(f"{row['open']} sessions of the gateway, {row['stuck']} of all stuck")
