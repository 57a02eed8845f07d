"""What a square metre costs: medians of our own sales. The rule of the levels: docs/estimate.md."""

from collections.abc import Sequence
from typing import Final

from libs.common.postgres import Connection
from services.scraper.repository.history import keep_history

# Paris, Lyon and Marseille are areas of all their arrondissements.
AREAS: Final = """
    select code as area, code as insee_code from unnest($1::text[]) as code
    union all
    select insee_code, unnest(expands_to) from place
    where expands_to && $1::text[] and cardinality(expands_to) > 1
"""

AVERAGES: Final = """
    with area as (
      select * from unnest($1::text[], $2::text[]) as part(area, insee_code)
    ),
    median as (
      select area,
             percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'house') as house,
             percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'apartment') as apartment
      from area join priced using (insee_code)
      group by area
    )
    update city
    set house_price_avg = round(median.house)::int, apartment_price_avg = round(median.apartment)::int
    from (select distinct area from area) as asked left join median using (area)
    where city.insee_code = asked.area
"""

# Where the list of places tells the centre, nobody needs ours.
MIDDLES: Final = """
    with middle as (
      select insee_code,
             percentile_cont(0.5) within group (order by p.latitude) as latitude,
             percentile_cont(0.5) within group (order by p.longitude) as longitude
      from property p
      where insee_code = any($1::text[]) and vanished_at is null
        and p.latitude is not null and p.longitude is not null
        and not exists (select from place
                        where place.insee_code = p.insee_code and place.latitude is not null)
      group by insee_code
    )
    update city set latitude = middle.latitude, longitude = middle.longitude
    from middle where middle.insee_code = city.insee_code
"""

# Two loads of one department must see each other's sales.
ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtextextended('scraper.levels.' || $1, 0))"

# A department that stands on a thousand sales is not moved by one city: once a day will do, for it
# takes a second or two where all of it is in stock.
CITIES: Final = """
    select insee_code from city
    where department_of(insee_code) = $1 and ($2 or not exists (
      select from price_level
      where area = $1 and comparables >= 1000
        and computed_on = (public.clock() at time zone 'Europe/Paris')::date))
"""

LEVELS: Final = """
    with today as (
      select (public.clock() at time zone 'Europe/Paris')::date as day
    ),
    sale as (
      select area, kind, sold_on, eur_per_m2
      from unnest($1::text[], $2::text[]) as part(area, insee_code)
      join priced using (insee_code)
      where sold_on > (select day from today) - interval '60 months' and not new_build
    ),
    reach as (
      select area, kind, min(months) as months
      from (
        select area, kind, months
        from sale cross join unnest(array[24, 36, 60]) as months, today
        where sold_on > day - make_interval(months => months)
        group by area, kind, months
        having count(*) >= 5
      ) as enough
      group by area, kind
    ),
    quartile as (
      select area, kind, months, count(*) as comparables,
             percentile_cont(array[0.25, 0.5, 0.75]) within group (order by eur_per_m2)::numeric[] as q
      from sale join reach using (area, kind), today
      where sold_on > day - make_interval(months => months)
      group by area, kind, months
    ),
    level as (
      select area, kind, months, comparables, round(q[1], 2) as low, round(q[2], 2) as median,
             round(q[3], 2) as high,
             round(q[1], 2) > 0 and round(q[3], 2) <= 3 * round(q[1], 2) as is_told
      from quartile
    ),
    gone as (
      delete from price_level
      where area = any($1::text[]) and (area, kind) not in (select area, kind from level)
    )
    insert into price_level (area, kind, median_per_m2_eur, low_per_m2_eur, high_per_m2_eur,
                             comparables, months, computed_on)
    select area, kind, case when is_told then median end, case when is_told then low end,
           case when is_told then high end, comparables, months, day
    from level, today
    on conflict (area, kind)
    do update set median_per_m2_eur = excluded.median_per_m2_eur,
      low_per_m2_eur = excluded.low_per_m2_eur, high_per_m2_eur = excluded.high_per_m2_eur,
      comparables = excluded.comparables, months = excluded.months,
      computed_on = excluded.computed_on
"""

PATIENCE_SECONDS: Final = 300


async def price(connection: Connection, department: str, communes: Sequence[str]) -> None:
    """Averages, history, middles and levels of these communes, and the levels of their department."""
    named = await connection.fetch(AREAS, communes)
    areas = [[row[column] for row in named] for column in ("area", "insee_code")]
    await connection.execute(AVERAGES, *areas, timeout=PATIENCE_SECONDS)
    await keep_history(connection, *areas, patience=PATIENCE_SECONDS)
    await connection.execute(MIDDLES, communes, timeout=PATIENCE_SECONDS)
    await connection.execute(ONE_AT_A_TIME, department, timeout=PATIENCE_SECONDS)
    rows = await connection.fetch(CITIES, department, len(communes) > 1)
    cities = [row["insee_code"] for row in rows]
    areas = [[*communes, *(department for _ in cities)], [*communes, *cities]]
    await connection.execute(LEVELS, *areas, timeout=PATIENCE_SECONDS)
