"""Who comes back after a lease, a doubt, a change of mind: what was theirs is theirs no more."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import scenario
from tests.faults.scenarios import looks
from tests.faults.scenarios.waits import holding
from tests.faults.scenarios.walls import HALF

LEASE: Final = timedelta(seconds=61)
"""Longer than that of a mail and that of a refresh: whoever loses its session loses both."""
AWAY_SECONDS: Final = 5.0
TAKEN_OVER_SECONDS: Final = 150
MEANWHILE_SECONDS: Final = 6.0

CLAIMED: Final = "select count(*) > 0 from notifier.mail where state = 'claimed' and fence >= $1"
TAKEN_OVER: Final = "select bool_and(state = 'done') and max(fence) > 1 from scraper.refresh"
# What the other worker of the frozen process has locked would be freed by its own limits, later.
LEASES_END: Final = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'scraper' and state = 'idle in transaction';
    update scraper.refresh set lease_until = public.clock() where state = 'running';
"""
DOUBLED: Final = """
    select count(*) > 0 from (
      select from scraper.download group by refresh_id, year, url having count(*) > 1) as doubled
"""
BETWEEN: Final = "select count(*) = 0 from notifier.mail where state in ('claimed', 'handing_off')"

LATER: Final = """
    create function notifier.later() returns trigger language plpgsql
    as $$ begin new.next_try_at := public.clock() + interval '1 hour'; return new; end $$;
    create trigger later before insert on notifier.mail
      for each row execute function notifier.later();
"""
NOW: Final = """
    drop trigger later on notifier.mail;
    update notifier.mail set next_try_at = public.clock() where state = 'pending';
"""
TWO: Final = """
    select count(*) = 2, array_agg(id), array_agg(client_id), array_agg(message_id) from (
      select id, client_id, message_id from notifier.mail
      where kind = 'notification' and state = 'pending' and client_id = any($1::uuid[])
      order by id limit 2) as chosen
"""
DUE: Final = "update notifier.mail set next_try_at = public.clock() where id = any($1::uuid[])"
BOTH_IN_HAND: Final = """
    select count(*) = 2 and exists (
      select from pg_locks where relation = 'notifier.mail_content'::regclass and not granted)
    from notifier.mail where id = any($1::uuid[]) and state = 'claimed'
"""
NOBODY_PROMISES: Final = "lock table notifier.mail_content in share mode"


@scenario(
    "scraper comes back",
    "A scraper is frozen with a refresh in hand, and wakes when another has done it",
    clients=HALF,
    failpoint={"scraper": "scraper.file-fetched:sleep:1:3"},
)
async def scraper_comes_back(rig: Rig) -> None:
    """What it brings is refused: the stock is as the other left it."""
    await rig.until(partial(_stands_still, rig, "scraper"))
    first = rig.pause("scraper")
    await rig.execute(LEASES_END)
    await rig.start("scraper")
    await rig.until_row(TAKEN_OVER, seconds=TAKEN_OVER_SECONDS)
    first.signal(signal.SIGCONT)
    await rig.until(partial(_refused_or_done, rig), 30)
    rig.expect("a refresh is done once", partial(_done_once, rig))


async def _stands_still(rig: Rig, service: str) -> bool:
    return looks.logged(rig, service, "failpoint") > 0


async def _refused_or_done(rig: Rig) -> bool:
    return looks.logged(rig, "scraper", "lease_lost") > 0 or await _is_doubled(rig)


async def _is_doubled(rig: Rig) -> bool:
    [row] = await rig.query(DOUBLED)
    return row[0]


async def _done_once(rig: Rig) -> None:
    if await _is_doubled(rig):
        raise Violated("files of one refresh are recorded twice")


@scenario(
    "sender comes back",
    "A sender is frozen with mails in hand, and wakes when another is about to hand them over",
    clients=HALF,
    failpoint={"notifier": "notifier.claimed:sleep:1:2"},
)
async def sender_comes_back(rig: Rig) -> None:
    """It hands nothing over that is not its own any more."""
    await rig.until(partial(_stands_still, rig, "notifier"))
    first = rig.pause("notifier")
    await rig.advance(LEASE)
    second = await rig.start("notifier", failpoint="notifier.claimed:sleep:1:2")
    await rig.until_row(CLAIMED, 2, seconds=TAKEN_OVER_SECONDS)
    second.signal(signal.SIGSTOP)
    slow = rig.post.on("DOT", does="drip", times=1)
    first.signal(signal.SIGCONT)
    with contextlib.suppress(TimeoutError):  # then it has handed nothing over, as it should
        await asyncio.wait_for(slow.fired.wait(), MEANWHILE_SECONDS)
    second.signal(signal.SIGCONT)


@scenario(
    "sender dies at 250",
    "A sender dies with the 250 of a mail in hand",
    clients=HALF,
    failpoint={"notifier": "notifier.after-250:kill"},
)
async def sender_dies(rig: Rig) -> None:
    """Nobody knows of that mail whether it was taken, and nobody sends it again."""

    async def died() -> bool:
        return rig.kills > 0

    await rig.until(died)
    await rig.advance(LEASE)


@scenario(
    "250 in hand",
    "PostgreSQL goes away when a mail has been taken, and comes back",
    clients=HALF,
    failpoint={"notifier": "notifier.after-250:sleep:1:2"},
)
async def answer_in_hand(rig: Rig) -> None:
    """The answer is written when it can be; there is no doubt."""

    async def taken() -> bool:
        return bool(rig.post.accepted)

    await rig.until(taken)
    rig.postgres.down()
    await asyncio.sleep(AWAY_SECONDS)
    rig.postgres.up()
    with contextlib.suppress(Violated):  # it is judged when the lease is over
        await rig.until_row(BETWEEN, seconds=2 * AWAY_SECONDS)
    await rig.advance(LEASE)


@scenario(
    "changed their mind",
    "Clients unsubscribe and are erased while their mails are in hand",
    clients=HALF,
)
async def changed_their_mind(rig: Rig) -> None:
    """Neither mail is handed over."""
    await rig.execute(LATER)
    await rig.loaded.wait()
    row = await rig.until_row(TWO, list(rig.ledger.clients))
    (unsubscribed, erased), mails = row[2], row[1]
    async with holding(rig, NOBODY_PROMISES):
        await rig.query(DUE, mails)
        await rig.until_row(BOTH_IN_HAND, mails)
        await rig.query("select notifier.suppress($1, 'asked for it')", unsubscribed)
        rig.ledger.suppressed.add(unsubscribed)
        rig.kafka.down()  # nobody else hears of it for now
        await _erase(rig, erased)
    await asyncio.sleep(1)
    rig.kafka.up()
    await rig.execute(NOW)
    rig.expect("nothing is handed over to them", partial(_none_accepted, rig, row[3]))


async def _erase(rig: Rig, client_id: UUID) -> None:
    answer = await rig.api.delete(f"/api/clients/{client_id}")
    if not answer.is_success:
        raise Violated(f"the erasure was answered {answer.status_code} {answer.text}")
    rig.ledger.erased.add(client_id)
    rig.ledger.operated.append(("client.erase", str(client_id)))


async def _none_accepted(rig: Rig, message_ids: Sequence[Any]) -> None:
    if taken := [mail.message_id for mail in rig.post.accepted if mail.message_id in message_ids]:
        raise Violated(f"the server took {', '.join(taken)}")
