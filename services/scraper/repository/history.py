"""How prices went: medians of each month, quarter and year, for operators to look at."""

from collections.abc import Sequence
from typing import Final

from libs.common.postgres import Connection

HISTORY: Final = """
    with found as (
      select area, step, kind, date_trunc(step, sold_on::timestamp)::date as starts_on,
             count(*)::int as sales,
             round(percentile_cont(0.5) within group (order by eur_per_m2))::int as median
      from unnest($1::text[], $2::text[]) as part(area, insee_code)
      join priced using (insee_code)
      cross join unnest(array['month', 'quarter', 'year']) as step
      where not new_build
      group by area, step, kind, date_trunc(step, sold_on::timestamp)::date
      having count(*) >= 5
    ),
    gone as (
      delete from price_period as old
      where area = any($1::text[])
        and not exists (
          select from found
          where (found.area, found.step, found.kind, found.starts_on)
                = (old.area, old.step, old.kind, old.starts_on))
    )
    insert into price_period as kept (area, step, kind, starts_on, sales, median_per_m2_eur)
    select area, step, kind, starts_on, sales, median from found
    on conflict (area, step, kind, starts_on)
    do update set sales = excluded.sales, median_per_m2_eur = excluded.median_per_m2_eur
    where (kept.sales, kept.median_per_m2_eur)
      is distinct from (excluded.sales, excluded.median_per_m2_eur)
"""


async def keep_history(
    connection: Connection, areas: Sequence[str], communes: Sequence[str], *, patience: float
) -> None:
    """Bring the history of these areas to their communes' sales; both lists go in step."""
    await connection.execute(HISTORY, areas, communes, timeout=patience)
