"""Choices, assignments, and the one statement that makes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.assigner.domain.choice import Choice, Request, Rule, address_id, rounds

# Clients, and with exclusivity the towns whose doors may be taken: whoever comes second waits here,
# before it has drawn, and finds the doors held.
LOCK: Final = """
    select pg_advisory_xact_lock(key) from (
      select hashtextextended('assigner.client ' || client_id, 0) as key
      from unnest($1::uuid[]) as client_id
      union
      -- Towns share 256 locks: a server has a few thousand, for all sessions together.
      select hashtextextended('assigner.town ' || (hashtextextended(town, 0) & 255), 0)
      from unnest($2::text[]) as town
      order by key  -- the same order everywhere: no deadlock
    ) as one_after_the_other
"""

# What is drawn is inserted as it is. A door given meanwhile breaks the primary key: the transaction
# fails as a whole and the next try draws from what is left, never fewer.
_CHOSEN: Final = """
    given as (
      insert into assignment (
        client_id, home_key, job_id, position, property_id, insee_code, city_name, postal_code,
        address, kind, sold_on, price_eur, surface_m2, rooms, land_m2, latitude, longitude, source,
        edition, position_source, estimate_eur, estimate_low_eur, estimate_high_eur, estimate_basis,
        estimate_comparables)
      select client_id, pick.home_key, job_id, position, property_id, insee_code, city_name,
             postal_code, address, kind, sold_on, price_eur, surface_m2, rooms, land_m2, latitude,
             longitude, source, edition, position_source, estimate_eur, estimate_low_eur,
             estimate_high_eur, estimate_basis, estimate_comparables
      from pick join facts(array(select property_id from pick)) using (property_id)
      returning job_id, home_key
    ), chosen as (
      insert into choice (job_id, client_id, requested, found, as_of, seed, cities, tried)
      select job_id, client_id, requested, coalesce(found, 0), as_of, seed, cities, tried
      from asked($1) left join (
        select job_id, count(*) as found from given group by job_id) as counted using (job_id)
    )
    select home_key from given
"""

CHOOSE: Final = f"""
    with pick as (
      select * from drawn($1, $2, false)
    ), {_CHOSEN}
"""  # noqa: S608 -- the parts are constants of this module

# The same, and each door is held. One that another client holds breaks `not null`: as above, the
# next try draws from what is left.
CHOOSE_HOLDING: Final = f"""
    with pick as (
      select * from drawn($1, $2, true)
    ), held as (
      insert into hold (home_key, client_id, until)
      select home_key, client_id, public.clock() + make_interval(months => $3)
      from pick order by home_key
      on conflict (home_key) do update set
        client_id = case when hold.client_id = excluded.client_id or hold.until <= public.clock()
                         then excluded.client_id end,
        until = excluded.until
    ), {_CHOSEN}
"""  # noqa: S608 -- the parts are constants of this module

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
    ), released as (
      delete from hold where home_key in (
        select home_key from hold where client_id in (select client_id from client)
        order by home_key for update)  -- as a choice takes them: no deadlock
    ), unlearnt as (
      delete from follow_up_history where client_id in (select client_id from client)
    ), unfollowed as (
      delete from follow_up where client_id in (select client_id from client)
    ), unkept as (
      delete from reset_assignment where client_id in (select client_id from client)
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
    rule: Rule

    async def lock(self, client_ids: Iterable[UUID], cities: Iterable[str] = ()) -> None:
        """Keep these clients to this transaction; with exclusivity also the doors of these cities."""
        towns = set(cities) if self.rule.exclusivity_months else ()
        await self.connection.execute(LOCK, list(client_ids), list(towns))

    async def choose(self, requests: Iterable[Request]) -> None:
        """Draw and record, one statement for all that cannot draw the same door for good."""
        rows = [row for together in self._rounds(requests) for row in await self._choose(together)]
        keys = sorted({row["home_key"] for row in rows})
        await self.connection.execute(NAME_HOMES, keys, [address_id(key) for key in keys])

    def _rounds(self, requests: Iterable[Request]) -> Iterable[list[Request]]:
        if self.rule.exclusivity_months:
            return ([request] for request in requests)
        return rounds(requests)

    async def _choose(self, together: list[Request]) -> Sequence[Any]:
        strategy, months = self.rule.strategy, self.rule.exclusivity_months
        if months:
            return await self.connection.fetch(CHOOSE_HOLDING, together, strategy, months)
        return await self.connection.fetch(CHOOSE, together, strategy)

    async def recorded(self, job_ids: Iterable[UUID]) -> Mapping[UUID, Choice]:
        """The choices of these jobs, as they were made."""
        rows = await self.connection.fetch(RECORDED, list(job_ids))
        choices = (msgspec.convert(dict(row), Choice) for row in rows)
        return {choice.job_id: choice for choice in choices}

    async def erase(self, client_ids: Iterable[UUID]) -> None:
        """Keep of these clients which doors they were given when, and nothing else."""
        await self.connection.execute(ERASE, list(client_ids))
