"""The queue of the workers: claims under a lease, every write under the claim's fence."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from libs.common.postgres import Connection
from services.scraper.handlers.ports import Attempt, Claim, Held

# An open refresh is written although nothing may change: that locks it until the jobs which are
# going to wait for it are committed.
OPEN: Final = """
    insert into refresh (insee_code, first_year)
    select * from unnest($1::text[], $2::int[]) as stale(insee_code, first_year)
    order by insee_code
    on conflict (insee_code) where state in ('queued', 'running')
    do update set first_year = least(refresh.first_year, excluded.first_year)
"""

# Jobs wait for cities, nobody for departments: those come last. A lease further off than any that
# is given means that the clock was put back: it counts as over.
CLAIM: Final = """
    update refresh
    set state = 'running', fence = fence + 1, updated_at = public.clock(),
        lease_until = public.clock() + interval '20 seconds'
    where id = (
      select id from refresh
      where (state = 'queued' or (state = 'running'
            and lease_until not between public.clock() and public.clock() + interval '1 minute'))
        and ($1 or length(insee_code) > 3)
      order by length(insee_code) > 3 desc, created_at
      limit 1
      for update skip locked
    )
    returning id, fence, insee_code, first_year, years,
              (public.clock() at time zone 'Europe/Paris')::date as today
"""

IS_OURS: Final = "select true from refresh where id = $1 and fence = $2 and state = 'running'"

# One that has just been closed bears our fence still: then nothing was lost.
RENEW: Final = """
    update refresh
    set lease_until = case when state = 'running' then public.clock() + interval '20 seconds' end
    where id = $1 and fence = $2
    returning true
"""

PROGRESS: Final = """
    update refresh set done = $3, total = $4, updated_at = public.clock()
    where id = $1 and fence = $2 and state = 'running'
    returning true
"""

HOLD: Final = """
    select first_year, years from refresh
    where id = $1 and fence = $2 and state = 'running'
    for update
"""

REQUEUE: Final = """
    update refresh
    set state = 'queued', lease_until = null, updated_at = public.clock()
    where id = $1 and fence = $2
"""

CLOSE: Final = """
    update refresh
    set state = case when $3::text is null then 'done' else 'failed' end, error = $3,
        done = case when $3::text is null then total else done end,
        lease_until = null, updated_at = public.clock()
    where id = $1 and fence = $2
"""

RECORD: Final = """
    insert into download (refresh_id, insee_code, year, source, edition, url, state, error, sha256,
                          size_bytes, lines, groups, rejected)
    select $1, $2, a.year, a.source, a.edition, a.url, a.state, a.error, a.sha256, a.size_bytes,
           a.lines, a.groups, a.rejected
    from jsonb_to_recordset($3) as a(year int, source text, edition text, url text, state text,
                                     error text, sha256 text, size_bytes bigint, lines int,
                                     groups int, rejected jsonb)
"""


class PostgresRefreshes(msgspec.Struct, frozen=True):
    connection: Connection

    async def open(self, first_years: Mapping[str, int]) -> None:
        """One refresh for each city, shared with whoever wants it already."""
        if first_years:
            await self.connection.execute(OPEN, list(first_years), list(first_years.values()))

    async def claim(self, *, imports: bool = True) -> Claim | None:
        """The oldest refresh that nobody works on, now ours for 60 seconds."""
        row = await self.connection.fetchrow(CLAIM, imports)
        return msgspec.convert(dict(row), Claim) if row else None

    async def is_ours(self, claim: Claim) -> bool:
        """Whether the claim still stands; it may be lost the next moment."""
        return bool(await self.connection.fetchval(IS_OURS, claim.id, claim.fence))

    async def renew(self, claim: Claim) -> bool:
        return bool(await self.connection.fetchval(RENEW, claim.id, claim.fence))

    async def progress(self, claim: Claim, done: int, total: int) -> bool:
        return bool(await self.connection.fetchval(PROGRESS, claim.id, claim.fence, done, total))

    async def hold(self, claim: Claim) -> Held | None:
        """What is now wanted of it, nothing if the claim stands no more.

        Until the transaction ends nobody can take it over.
        """
        row = await self.connection.fetchrow(HOLD, claim.id, claim.fence)
        return msgspec.convert(dict(row), Held) if row else None

    async def requeue(self, claim: Claim) -> None:
        await self.connection.execute(REQUEUE, claim.id, claim.fence)

    async def record(self, claim: Claim, attempts: Sequence[Attempt]) -> None:
        """Keep what each publisher answered."""
        rows = [_row(attempt) for attempt in attempts]
        await self.connection.execute(RECORD, claim.id, claim.insee_code, rows)

    async def close(self, claim: Claim, error: str | None) -> None:
        await self.connection.execute(CLOSE, claim.id, claim.fence, error)


def _row(attempt: Attempt) -> dict[str, object]:
    reading = attempt.reading
    return {
        "year": attempt.year,
        "source": attempt.source.format,
        "edition": attempt.edition,
        "url": attempt.url,
        "state": attempt.state,
        "error": attempt.error,
        "sha256": attempt.sha256,
        "size_bytes": attempt.size_bytes,
        "lines": attempt.lines,
        "groups": reading.groups if reading else None,
        "rejected": reading.rejected if reading else {},
    }
