"""What has been delivered to a client, with the facts as delivered."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from libs.common.postgres import Connection

DELIVERED: Final = """
    select address_id, address as address_raw, city_name, postal_code, insee_code,
           price_eur::float8 as price, surface_m2::float8 as surface, rooms, kind as property_type,
           sold_on as sale_date, latitude, longitude,
           (assigned_at at time zone 'Europe/Paris')::date as send_date
    from assigner.delivered
    where client_id = $1
    order by max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $2 offset $3
"""

COUNT: Final = "select count(*) from assigner.delivered where client_id = $1"


async def delivered(
    connection: Connection, client_id: UUID, *, limit: int, offset: int
) -> Sequence[Any]:
    """A page of the client's homes, the newest delivery first."""
    return await connection.fetch(DELIVERED, client_id, limit, offset)


async def count(connection: Connection, client_id: UUID) -> int:
    """How many homes the client has received."""
    return cast(int, await connection.fetchval(COUNT, client_id))
