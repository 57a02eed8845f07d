"""Taking back what a client has received."""

from typing import Final, cast
from uuid import UUID

from libs.common.postgres import Connection

HAS_OPEN_JOB: Final = """
    select exists (
      select from job where client_id = $1 and status in ('processing', 'pending'))
"""

RESET: Final = "select assigner.reset($1)"

FORGET_FAILED: Final = """
    select assigner.forget_choices($1, array(
      select id from job where client_id = $1 and status = 'failed'))
"""


async def has_open_job(connection: Connection, client_id: UUID) -> bool:
    """Whether any job of the client is under way or waits; asked while the client is locked."""
    return bool(await connection.fetchval(HAS_OPEN_JOB, client_id))


async def reset(connection: Connection, client_id: UUID) -> int:
    """Take back the client's doors; says how many. Its failed jobs will choose anew."""
    number = cast(int, await connection.fetchval(RESET, client_id))
    await connection.execute(FORGET_FAILED, client_id)
    return number
