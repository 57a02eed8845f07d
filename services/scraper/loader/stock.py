"""Stock: what was staged enters it by one upsert, and what of it each job could have."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.scraper.handlers.ports import Claim, Gathered, Wanted
from services.scraper.loader.staging import stage

# A sale that the stock has already: it keeps its id, vanished before or not.
MATCH: Final = """
    update sale_staging s set property_id = p.property_id
    from property p
    where p.sale_key = s.sale_key
"""

# A revised vintage tells a sale differently: what stands at the same door on the same day instead
# of a row that this file has no longer takes over its id.
REPLACE: Final = """
    with told_anew as (
      select sale_key, home_key, sold_on,
             row_number() over (partition by home_key, sold_on order by sale_key) as position
      from sale_staging where property_id is null
    ),
    gone as (
      select property_id, home_key, sold_on,
             row_number() over (partition by home_key, sold_on
                                order by vanished_at desc nulls first, property_id) as position
      from property p
      where insee_code = $1 and extract(year from sold_on) = any($2::int[])
        and not exists (select from sale_staging s where s.property_id = p.property_id)
    )
    update sale_staging s set property_id = gone.property_id
    from told_anew join gone using (home_key, sold_on, position)
    where s.sale_key = told_anew.sale_key
"""

# A changed row is off the offer until `JUDGE` has seen it beside the others.
UPSERT: Final = """
    insert into property as p (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, superseded,
      address, postal_code, city_name, price_eur, surface_m2, rooms, land_m2, latitude, longitude,
      new_build, suspect, own_keys, covered_keys, source, edition, file_sha256, line)
    select coalesce(s.property_id,
                    case when exists (select from property taken
                                      where taken.property_id = s.sale_key)
                         then uuidv7() else s.sale_key end),
           s.sale_key, s.home_key, s.insee_code, s.sold_on, s.kind, s.offered, s.postable, true,
           s.address, s.postal_code, s.city_name, s.price_eur, s.surface_m2, s.rooms, s.land_m2,
           s.latitude, s.longitude, s.new_build, s.suspect, s.own_keys, s.covered_keys, s.source,
           s.edition, s.file_sha256, s.line
    from sale_staging s
    on conflict (property_id)
    do update set sale_key = excluded.sale_key, home_key = excluded.home_key,
      insee_code = excluded.insee_code, sold_on = excluded.sold_on, kind = excluded.kind,
      offered = excluded.offered, postable = excluded.postable, superseded = true,
      vanished_at = null, address = excluded.address, postal_code = excluded.postal_code,
      city_name = excluded.city_name, price_eur = excluded.price_eur,
      surface_m2 = excluded.surface_m2, rooms = excluded.rooms, land_m2 = excluded.land_m2,
      latitude = excluded.latitude, longitude = excluded.longitude,
      new_build = excluded.new_build, suspect = excluded.suspect, own_keys = excluded.own_keys,
      covered_keys = excluded.covered_keys, source = excluded.source, edition = excluded.edition,
      file_sha256 = excluded.file_sha256, line = excluded.line, loaded_at = public.clock()
    where (p.sale_key, p.home_key, p.insee_code, p.sold_on, p.kind, p.offered, p.postable,
           p.vanished_at, p.address, p.postal_code, p.city_name, p.price_eur, p.surface_m2,
           p.rooms, p.land_m2, p.latitude, p.longitude, p.new_build, p.suspect, p.own_keys,
           p.covered_keys, p.source, p.edition, p.file_sha256, p.line)
      is distinct from
          (excluded.sale_key, excluded.home_key, excluded.insee_code, excluded.sold_on,
           excluded.kind, excluded.offered, excluded.postable, null::timestamptz,
           excluded.address, excluded.postal_code, excluded.city_name, excluded.price_eur,
           excluded.surface_m2, excluded.rooms, excluded.land_m2, excluded.latitude,
           excluded.longitude, excluded.new_build, excluded.suspect, excluded.own_keys,
           excluded.covered_keys, excluded.source, excluded.edition, excluded.file_sha256,
           excluded.line)
"""

TOMBSTONE: Final = """
    update property p set vanished_at = public.clock()
    where insee_code = $1 and extract(year from sold_on) = any($2::int[]) and vanished_at is null
      and not exists (select from sale_staging s where s.sale_key = p.sale_key)
"""

# Run for true, then for false: a home leaves the offer before its latest sale takes the place.
# Windows instead of joins: nothing is known of rows just loaded, and a nested loop takes minutes.
JUDGE: Final = """
    with live as (
      select property_id, sold_on, own_keys, covered_keys,
             offered and postable and row_number() over (
               partition by home_key, offered and postable order by sold_on desc, property_id
             ) > 1 as is_twin
      from property where insee_code = $1 and vanished_at is null
    ),
    touched as (
      select property_id, sold_on, is_twin, null as key, false as is_own from live
      union all
      select property_id, sold_on, is_twin, key, true from live cross join unnest(own_keys) as key
      union all
      select property_id, sold_on, is_twin, key, false
      from live cross join unnest(covered_keys) as key
    ),
    seen as (
      select property_id, is_twin,
             is_own and max(sold_on) filter (where not is_own) over (partition by key) > sold_on
               as is_resold
      from touched
    ),
    judged as (
      select property_id, bool_or(is_twin or coalesce(is_resold, false)) as superseded
      from seen group by property_id
    )
    update property p set superseded = judged.superseded
    from judged
    where judged.property_id = p.property_id and judged.superseded = $2
      and p.superseded <> judged.superseded
"""

STOCK_OF_JOBS: Final = """
    select job.job_id,
           (select count(*) from candidate c
            where c.insee_code = any(job.cities) and c.kind = any(job.kinds)
              and c.sold_on between job.first_on and job.last_on
              and not exists (select from assigner.delivered d
                              where d.client_id = job.client_id and d.home_key = c.home_key))
           + (select count(*) from assigner.delivered d where d.job_id = job.job_id) as homes
    from jsonb_to_recordset($1) as job(job_id uuid, client_id uuid, cities text[], kinds text[],
                                       first_on date, last_on date)
"""


class PostgresStock(msgspec.Struct, frozen=True):
    connection: Connection

    async def load(self, claim: Claim, gathered: Gathered) -> None:
        """Bring the years that have a new file to what it says; loading it twice changes nothing.

        What a newer file has no longer is kept as vanished, and no longer offered.
        """
        served = [verdict.attempt for verdict in gathered.years.values() if verdict.attempt]
        loaded = [attempt for attempt in served if attempt.state == "loaded"]
        years = [attempt.year for attempt in loaded]
        if not loaded:
            return
        await stage(self.connection, claim.insee_code, loaded)
        await self.connection.execute(MATCH)
        await self.connection.execute(REPLACE, claim.insee_code, years)
        await self.connection.execute(UPSERT)
        await self.connection.execute(TOMBSTONE, claim.insee_code, years)
        for superseded in (True, False):
            await self.connection.execute(JUDGE, claim.insee_code, superseded)

    async def of_jobs(self, wanted: Sequence[Wanted]) -> Mapping[UUID, int]:
        """How many homes each job could deliver; those it has delivered already count."""
        jobs = [
            {
                "job_id": one.event.job_id,
                "client_id": one.event.client_id,
                "cities": one.cities,
                "kinds": one.event.kinds,
                "first_on": one.window.first,
                "last_on": one.window.last,
            }
            for one in wanted
        ]
        rows = await self.connection.fetch(STOCK_OF_JOBS, jobs) if jobs else []
        return {row["job_id"]: row["homes"] for row in rows}
