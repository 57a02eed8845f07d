"""The pace of all assigners together: each request to the geocoder takes the next turn."""

from datetime import timedelta
from typing import Final

from libs.common.postgres import Pool

# Nobody waits longer than that for a turn: if one seems further off, the clock has been put back.
TAKE: Final = """
    insert into geocoder_turn as turn (free_at) values (public.clock() + $1::interval)
    on conflict (single) do update
    set free_at = least(greatest(turn.free_at, public.clock()),
                        public.clock() + interval '10 seconds') + $1::interval
    returning extract(epoch from free_at - $1::interval - public.clock())::float8
"""


async def take(pool: Pool, a_second: float) -> float:
    """After how many seconds the next request may leave: it is ours."""
    async with pool.acquire() as connection:
        seconds = await connection.fetchval(TAKE, timedelta(seconds=1 / a_second))
    return max(float(seconds), 0.0)
