"""What a client's page shows."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from libs.common.postgres import Connection
from services.gateway.domain.homes import DeliveredHome

# Whoever lives there may have objected since: then nothing shows the door any more.
SHOWN: Final = """
    select address_id, address, postal_code, city_name, printed_address, kind,
           surface_m2::float8 as surface_m2, land_m2::float8 as land_m2, rooms,
           price_eur::float8 as price_eur, sold_on, estimate_eur, estimate_low_eur,
           estimate_high_eur, estimate_basis, estimate_comparables, follow_status, source, edition,
           (assigned_at at time zone 'Europe/Paris')::date as sent_on,
           count(*) over () as total
    from assigner.delivered d
    where client_id = $1
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $2 offset $3
"""


async def shown(
    connection: Connection, client_id: UUID, *, limit: int, offset: int
) -> tuple[Sequence[DeliveredHome], int]:
    """Some of the homes, the newest delivery first, and how many there are."""
    rows = await connection.fetch(SHOWN, client_id, limit, offset)
    total = rows[0]["total"] if rows else 0
    names = DeliveredHome.__struct_fields__
    return [DeliveredHome(**{name: row[name] for name in names}) for row in rows], total
