"""Choices, assignments, and the one statement that makes them."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.assigner.domain.choice import Choice, Request, address_id, rounds

LOCK: Final = """
    select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended('assigner.client ' || client_id, 0) as key
      from unnest($1::uuid[]) as client_id
      order by key  -- the same order everywhere: no deadlock
    ) as one_after_the_other
"""

# Weighted drawing without replacement, for each job by its seed. Sorted by day of sale, then id,
# rank i of n weighs n - i: counted from the newest, the row number is the weight. The k smallest
# keys win; their order is the order of the mail. A door given meanwhile breaks the primary key:
# the transaction fails as a whole and the next try draws from what is left, never fewer.
# `not in` is one hash of what these clients were given, whatever the planner thinks of the stock:
# a join that hashed 10,000 candidates took as long as all the rest.
CHOOSE: Final = """
    with job as (
      select * from jsonb_to_recordset($1) as job (
        job_id uuid, client_id uuid, requested int, as_of date, seed bigint, cities text[],
        kinds text[], sold_from date, sold_until date, tried text[])
      where not exists (select from choice where choice.job_id = job.job_id)
        and not exists (select from erased_client where erased_client.client_id = job.client_id)
    ), pick as (
      select job.job_id, job.client_id, winner.* from job cross join lateral (
        select property_id, draw_key(job.seed, home_key, weight) as key, home_key from (
          select candidate.property_id, candidate.home_key,
                 row_number() over (order by sold_on desc, property_id desc) as weight
          from scraper.candidate
          where insee_code = any(job.cities) and kind = any(job.kinds)
            and sold_on between job.sold_from and job.sold_until
            and (job.client_id, home_key) not in (
              select client_id, home_key from assignment
              where client_id in (select client_id from job))
        ) as weighted
        order by key, home_key limit job.requested
      ) as winner
    ), given as (
      insert into assignment (
        client_id, home_key, job_id, position, property_id, insee_code, city_name, postal_code,
        address, kind, sold_on, price_eur, surface_m2, rooms, land_m2, latitude, longitude, source,
        edition)
      select client_id, pick.home_key, job_id,
             row_number() over (partition by job_id order by key, pick.home_key), property_id,
             insee_code, city_name, postal_code, address, kind, sold_on, price_eur, surface_m2,
             rooms, land_m2, latitude, longitude, source, edition
      from pick join scraper.candidate using (property_id)
      returning job_id, home_key
    ), chosen as (
      insert into choice (job_id, client_id, requested, found, as_of, seed, cities, tried)
      select job_id, client_id, requested, coalesce(found, 0), as_of, seed, cities, tried
      from job left join (
        select job_id, count(*) as found from given group by job_id) as counted using (job_id)
    )
    select home_key from given
"""

NAME_HOMES: Final = """
    insert into home (home_key, address_id)
    select * from unnest($1::text[], $2::uuid[])  -- sorted: no deadlock over a door of many
    on conflict do nothing
"""

RECORDED: Final = """
    select job_id, requested, found, cities, tried,
           array(select address_id from assignment join home using (home_key)
                 where assignment.job_id = choice.job_id order by position) as address_ids
    from choice where job_id = any($1::uuid[])
"""

ERASE: Final = """
    with client as (
      select unnest($1::uuid[]) as client_id
    ), remembered as (
      insert into erased_client (client_id) select client_id from client on conflict do nothing
    ), unfollowed as (
      delete from follow_up where client_id in (select client_id from client)
    ), blanked as (
      update assignment
      set job_id = null, position = null, property_id = null, insee_code = null, city_name = null,
          postal_code = null, address = null, kind = null, sold_on = null, price_eur = null,
          surface_m2 = null, rooms = null, land_m2 = null, latitude = null, longitude = null,
          source = null, edition = null, printed_address = null, position_source = null,
          position_score = null, estimate_eur = null, estimate_low_eur = null,
          estimate_high_eur = null, estimate_basis = null, estimate_comparables = null
      where client_id in (select client_id from client) and job_id is not null
    )
    delete from choice where client_id in (select client_id from client)
"""


class PostgresChoices(msgspec.Struct, frozen=True):
    """Choices and assignments, in the transaction of this connection."""

    connection: Connection

    async def lock(self, client_ids: Iterable[UUID]) -> None:
        """Keep these clients to this transaction."""
        await self.connection.execute(LOCK, list(client_ids))

    async def choose(self, requests: Iterable[Request]) -> None:
        """Draw and record, one statement for all clients that ask once."""
        rows = [
            row
            for together in rounds(requests)
            for row in await self.connection.fetch(CHOOSE, together)
        ]
        keys = sorted({row["home_key"] for row in rows})
        await self.connection.execute(NAME_HOMES, keys, [address_id(key) for key in keys])

    async def recorded(self, job_ids: Iterable[UUID]) -> Mapping[UUID, Choice]:
        """The choices of these jobs, as they were made."""
        rows = await self.connection.fetch(RECORDED, list(job_ids))
        choices = (msgspec.convert(dict(row), Choice) for row in rows)
        return {choice.job_id: choice for choice in choices}

    async def erase(self, client_ids: Iterable[UUID]) -> None:
        """Keep of these clients which doors they were given when, and nothing else."""
        await self.connection.execute(ERASE, list(client_ids))
