"""How the system was, every 30 seconds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from libs.common.postgres import Connection


class Vital(msgspec.Struct, frozen=True, kw_only=True):
    """One slot; nothing where nobody measured."""

    at: datetime
    lag: int | None
    oldest_wait_seconds: float | None
    errors: int | None
    mails_sent: int | None


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How many events wait on the bus, and since when the oldest; nothing while nobody knows."""

    lag: int | None = None
    oldest_seconds: float | None = None
    is_silent: bool = False
    """Whether the bus did not answer when it was last asked."""


# As the bus said when it was last asked; nothing when it did not answer.
_WAITING: Final = """
    case when answered_at = looked_at and looked_at > public.clock() - interval '2 minutes'
         then (select coalesce(sum(lag), 0)::bigint from lag_partition) end
"""

# A mail is sent within two days of its making, so few of all are looked at.
SAMPLE: Final = f"""
    with slot as (
      select date_bin('30 seconds', public.clock(), timestamptz 'epoch') as at
    ), due as (
      select at from slot where not exists (select from vital where vital.at = slot.at)
    ), gone as (
      delete from vital using due where vital.at < due.at - interval '48 hours'
    )
    insert into vital (at, lag, oldest_wait_seconds, errors, mails_sent)
    select due.at,
           (select {_WAITING} from lag_look),
           greatest(0, coalesce(extract(epoch from due.at - outbox.oldest_at), 0)),
           failed.steps + failed.messages, mail.sent
    from due
    cross join lateral (
      select min(outbox_oldest_at) as oldest_at
      from (
        select outbox_oldest_at from health
        union all select outbox_oldest_at from scraper.health
        union all select outbox_oldest_at from assigner.health
        union all select outbox_oldest_at from notifier.health
        union all select outbox_oldest_at from scheduler.health) each_service
    ) outbox
    cross join lateral (
      select (select count(*) from movement
              where state in ('failed', 'broken')
                and at >= due.at - interval '30 seconds' and at < due.at) as steps,
             (select count(*) from (
                select created_at from held
                union all select created_at from scraper.held
                union all select created_at from assigner.held
                union all select created_at from notifier.held
                union all select created_at from scheduler.held) each_service
              where created_at >= due.at - interval '30 seconds' and created_at < due.at) as messages
    ) failed
    cross join lateral (
      select count(*) as sent from notifier.mail_overview
      where state = 'sent' and created_at >= due.at - interval '2 days'
        and updated_at >= due.at - interval '30 seconds' and updated_at < due.at
    ) mail
    on conflict (at) do nothing
"""  # noqa: S608 - our own words

LAG: Final = f"""
    select {_WAITING} as lag,
           (select extract(epoch from public.clock() - min(oldest_at))::float8 from lag_partition
           ) as oldest_seconds,
           answered_at is distinct from looked_at as is_silent
    from lag_look
"""  # noqa: S608 - our own words

LATELY: Final = """
    select slot.at, v.lag, v.oldest_wait_seconds, v.errors, v.mails_sent
    from generate_series(
      date_bin('30 seconds', public.clock() - $1::interval, timestamptz 'epoch') + interval '30 seconds',
      public.clock(), interval '30 seconds') as slot (at)
    left join vital v using (at)
    order by slot.at
"""


async def sample(connection: Connection) -> None:
    """Write the present slot, unless it is written; forget what is two days old."""
    await connection.execute(SAMPLE)


async def lately(connection: Connection, back: timedelta) -> Sequence[Vital]:
    """The slots of so long until now, the oldest first."""
    return [Vital(**row) for row in await connection.fetch(LATELY, back)]


async def lag(connection: Connection) -> Lag:
    """How far the services are behind."""
    row = await connection.fetchrow(LAG)
    return Lag(**row) if row else Lag()
