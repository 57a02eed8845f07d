"""The outlines of communes: which are wanted, what has been fetched."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from libs.common.postgres import Pool
from services.scraper.handlers.outlines import Ring

# Paris, Lyon and Marseille have one of their own beside those of their arrondissements. Borders
# move with the years.
WANT: Final = """
    insert into outline (insee_code, next_try_at)
    select code, public.clock()
    from (select unnest($1::text[]) as code
          union
          select insee_code from place
          where expands_to && $1::text[] and cardinality(expands_to) > 1) as refreshed
    order by code
    on conflict (insee_code) do update set next_try_at = excluded.next_try_at
    where outline.next_try_at is null and outline.fetched_at < public.clock() - interval '1 year'
"""

# Who stops before the answer has it asked for again by the next one.
CLAIM: Final = """
    update outline set next_try_at = public.clock() + interval '1 hour'
    where insee_code in (
      select insee_code from outline where next_try_at <= public.clock()
      order by next_try_at limit $1 for update skip locked)
    returning insee_code
"""

KEEP: Final = """
    update outline
    set rings = $2, fetched_at = public.clock(), next_try_at = null, error = null
    where insee_code = $1
"""

MISS: Final = """
    update outline set error = $2, next_try_at = public.clock() + $3::interval
    where insee_code = $1
"""


class PostgresOutlines(msgspec.Struct, frozen=True):
    pool: Pool

    async def claim(self, most: int) -> Sequence[str]:
        """Codes of communes whose outline is wanted; nobody else asks for them within the hour."""
        return [row["insee_code"] for row in await self.pool.fetch(CLAIM, most)]

    async def keep(self, insee_code: str, rings: Sequence[Ring]) -> None:
        await self.pool.execute(KEEP, insee_code, rings)

    async def miss(self, insee_code: str, error: str, again_in: timedelta) -> None:
        """There is none for now; one that was there before stays."""
        await self.pool.execute(MISS, insee_code, error, again_in)
