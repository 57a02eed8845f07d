"""What is known of a city, and what a refresh makes of it."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from libs.common.postgres import Connection
from services.scraper.domain import CityState, Window, department_of
from services.scraper.handlers.ports import (
    Asked,
    Claim,
    Gathered,
    KnownYear,
    Place,
    Target,
    Verdict,
    YearProblem,
)

NEIGHBOURS: Final = 3

TARGETS: Final = """
    select code, coalesce(place.expands_to, array[code]) as codes, place.refusal
    from unnest($1::text[]) as code
    left join place on place.insee_code = code
"""

STATES: Final = """
    select asked.insee_code, asked.first_on, asked.last_on, public.clock() as now,
           city.last_scraped, city.first_year, city.failed_at, city.error,
           (select count(*)
            from (select from candidate c
                  where c.insee_code = asked.insee_code
                    and c.sold_on between asked.first_on and asked.last_on
                  limit $4) as counted) as on_offer
    from unnest($1::text[], $2::date[], $3::date[]) as asked(insee_code, first_on, last_on)
    left join city on city.insee_code = asked.insee_code
"""

NOT_COVERED: Final = """
    select insee_code, year from city_year
    where state = 'not_covered' and insee_code = any($1::text[])
    order by insee_code, year
"""

PLACE: Final = """
    select
      coalesce((select former_codes from place where insee_code = $1), '{}') as former_codes,
      array(
        select insee_code from place
        where insee_code like $2 || '%' and insee_code <> $1 and refusal is null
          and coalesce(expands_to, array[insee_code]) = array[insee_code]
        order by population desc limit $3
      ) as neighbours
"""

KNOWN: Final = """
    select year, file_sha256, lines from city_year
    where insee_code = $1 and file_sha256 is not null
"""

SUCCEEDED: Final = """
    insert into city (insee_code, last_scraped, first_year) values ($1, public.clock(), $2)
    on conflict (insee_code)
    do update set last_scraped = excluded.last_scraped, first_year = excluded.first_year,
                  failed_at = null, error = null
"""

FAILED: Final = """
    insert into city (insee_code, failed_at, error) values ($1, public.clock(), $2)
    on conflict (insee_code) do update set failed_at = excluded.failed_at, error = excluded.error
"""

YEARS: Final = """
    insert into city_year (insee_code, year, state, error, source, edition, file_sha256, lines,
                           loaded_at)
    select $1, y.year, y.state, y.error, coalesce(y.source, ''), coalesce(y.edition, ''),
           y.file_sha256, coalesce(y.lines, 0), case when y.file_sha256 is not null then public.clock() end
    from jsonb_to_recordset($2) as y(year int, state text, error text, source text, edition text,
                                     file_sha256 text, lines int)
    on conflict (insee_code, year)
    do update set state = excluded.state, error = excluded.error,
      source = coalesce(nullif(excluded.source, ''), city_year.source),
      edition = case when excluded.file_sha256 is null then city_year.edition
                     else excluded.edition end,
      lines = case when excluded.file_sha256 is null then city_year.lines else excluded.lines end,
      file_sha256 = coalesce(excluded.file_sha256, city_year.file_sha256),
      loaded_at = coalesce(excluded.loaded_at, city_year.loaded_at)
"""

AVERAGES: Final = """
    with price as (
      select kind, (price_eur / surface_m2)::float8 as eur_per_m2
      from property
      where insee_code = $1 and vanished_at is null and not suspect
        and kind in ('house', 'apartment') and price_eur > 0 and surface_m2 > 0
    ),
    median as (
      select percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'house') as house,
             percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'apartment') as apartment
      from price
    )
    update city
    set house_price_avg = round(median.house)::int, apartment_price_avg = round(median.apartment)::int
    from median
    where insee_code = $1
"""

# Paris, Lyon and Marseille are as fresh as the stalest of their arrondissements.
PARENT: Final = """
    with parent as (
      select insee_code, expands_to from place
      where $1 = any(expands_to) and cardinality(expands_to) > 1
    ),
    freshness as (
      select parent.insee_code, min(city.last_scraped) as last_scraped,
             max(city.first_year) as first_year,
             count(city.last_scraped) = cardinality(parent.expands_to) as complete
      from parent left join city on city.insee_code = any(parent.expands_to)
      group by parent.insee_code, parent.expands_to
    ),
    price as (
      select parent.insee_code, kind, (price_eur / surface_m2)::float8 as eur_per_m2
      from parent join property on property.insee_code = any(parent.expands_to)
      where vanished_at is null and not suspect
        and kind in ('house', 'apartment') and price_eur > 0 and surface_m2 > 0
    ),
    median as (
      select insee_code,
             percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'house') as house,
             percentile_cont(0.5) within group (order by eur_per_m2)
               filter (where kind = 'apartment') as apartment
      from price group by insee_code
    )
    insert into city (insee_code, last_scraped, first_year, house_price_avg, apartment_price_avg)
    select insee_code, case when complete then last_scraped end,
           case when complete then first_year end, round(house)::int, round(apartment)::int
    from freshness left join median using (insee_code)
    on conflict (insee_code)
    do update set last_scraped = excluded.last_scraped, first_year = excluded.first_year,
                  house_price_avg = excluded.house_price_avg,
                  apartment_price_avg = excluded.apartment_price_avg
"""


class PostgresCities(msgspec.Struct, frozen=True):
    connection: Connection

    async def targets(self, insee_codes: Sequence[str]) -> Mapping[str, Target]:
        """Under which codes each city's sales are filed; a code unknown to us stands for itself."""
        rows = await self.connection.fetch(TARGETS, list(insee_codes))
        return {
            row["code"]: Target(codes=tuple(row["codes"]), refusal=row["refusal"]) for row in rows
        }

    async def states(self, asked: Sequence[Asked], *, count_to: int) -> Mapping[Asked, CityState]:
        """What is known of each city; homes on offer are counted up to `count_to`."""
        pairs = sorted({(city, one.first, one.last) for city, one in asked})
        rows = await self.connection.fetch(
            STATES, *([pair[at] for pair in pairs] for at in range(3)), count_to
        )
        return {
            (row["insee_code"], Window(row["first_on"], row["last_on"])): CityState(
                **{name: row[name] for name in CityState.__struct_fields__}
            )
            for row in rows
        }

    async def problems(self, insee_codes: Sequence[str]) -> Sequence[YearProblem]:
        rows = await self.connection.fetch(NOT_COVERED, list(insee_codes))
        return [YearProblem(**dict(row)) for row in rows]

    async def place(self, insee_code: str) -> Place:
        row = await self.connection.fetchrow(
            PLACE, insee_code, department_of(insee_code), NEIGHBOURS
        )
        known = await self.connection.fetch(KNOWN, insee_code)
        return Place(
            insee_code=insee_code,
            communes=(insee_code,),
            moved=dict.fromkeys(row["former_codes"] if row else (), insee_code),
            neighbours=tuple(row["neighbours"]) if row else (),
            known={
                one["year"]: KnownYear(file_sha256=one["file_sha256"], lines=one["lines"])
                for one in known
            },
        )

    async def settle(self, claim: Claim, gathered: Gathered) -> None:
        """Fresh, or failed with the reason; its years, and the averages of its sales."""
        if gathered.error is None:
            await self.connection.execute(SUCCEEDED, claim.insee_code, claim.first_year)
        else:
            await self.connection.execute(FAILED, claim.insee_code, gathered.error)
        rows = [_year_row(year, verdict) for year, verdict in gathered.years.items()]
        await self.connection.execute(YEARS, claim.insee_code, rows)
        await self.connection.execute(AVERAGES, claim.insee_code)
        await self.connection.execute(PARENT, claim.insee_code)


def _year_row(year: int, verdict: Verdict) -> dict[str, object]:
    attempt = verdict.attempt
    row: dict[str, object] = {"year": year, "state": verdict.state, "error": verdict.error}
    if attempt is None or attempt.state != "loaded":
        return row
    return row | {
        "source": attempt.source.format,
        "edition": attempt.edition,
        "file_sha256": attempt.sha256,
        "lines": attempt.lines,
    }
