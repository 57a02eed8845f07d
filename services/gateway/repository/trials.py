"""Trying out a client's processing: with a real job, or by looking at what it would choose."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository.jobs import process_event
from services.gateway.repository.properties import FACTS

# An erasure waits, and forgets what was shown too.
SERVED: Final = """
    select true from client where id = $1 and status in ('active', 'test') for key share
"""

# On what is in stock: no city is refreshed. Of a client who is being erased nothing begins any more.
START: Final = """
    with started as (
      insert into job (id, client_id, kind, count, as_of, seed, cities, kinds, refresh)
      select $1, id, 'test', $3, (public.clock() at time zone 'Europe/Paris')::date, $4,
             chosen_cities, property_type_preferences, false
      from client where id = $2 and status in ('active', 'test')
      for key share
      returning *
    ), moved as (
      insert into movement (job_id, run, step, state)
      select id, run, 'scrape', 'running' from started
    )
    select id as job_id, client_id, kind, run, ladder, count, cities, kinds, as_of, seed, refresh
    from started
"""

PREVIEW: Final = """
    select p.home_key, p.address as address_raw, null as printed_address, p.city_name, p.postal_code,
           p.insee_code, p.price_eur::float8 as price, p.surface_m2::float8 as surface,
           p.land_m2::float8 as land_surface, p.rooms, p.kind as property_type,
           p.sold_on as sale_date, p.latitude, p.longitude, p.position_source, p.estimate_eur,
           p.estimate_low_eur, p.estimate_high_eur, p.estimate_basis, p.estimate_comparables,
           (public.clock() at time zone 'Europe/Paris')::date as send_date
    from client
    cross join lateral assigner.preview_choice(
      client.id, $2,
      array(select unnest(coalesce(place.expands_to, array[code]))
            from unnest(client.chosen_cities) as code
            left join scraper.place_overview place on place.insee_code = code),
      client.property_type_preferences, $3) as p
    where client.id = $1
    order by p.position
"""

CHOSEN: Final = f"""
    select {FACTS} from assigner.delivered d
    where client_id = $1 and job_id = $2
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by position
"""  # noqa: S608 -- the columns are a constant of ours


async def is_served(connection: Connection, client_id: UUID) -> bool:
    """Whether there is such a client whose processing may be tried out; who then stays meanwhile."""
    return bool(await connection.fetchval(SERVED, client_id))


async def start(
    connection: Connection, emit: Emit, client_id: UUID, count: int, *, job_id: UUID, seed: int
) -> bool:
    """Begin a job of kind `test`; false if there is no such client."""
    row = await connection.fetchrow(START, job_id, client_id, count, seed)
    if row is not None:
        emit(process_event(row), None)
    return row is not None


async def preview(connection: Connection, client_id: UUID, count: int, seed: int) -> Sequence[Any]:
    """What such a job would choose at this moment."""
    return await connection.fetch(PREVIEW, client_id, count, seed)


async def chosen(connection: Connection, client_id: UUID, job_id: UUID) -> Sequence[Any]:
    """What a job has chosen, in the order of its mail."""
    return await connection.fetch(CHOSEN, client_id, job_id)
