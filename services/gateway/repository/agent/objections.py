"""Objections of inhabitants that agents have told on their page."""

from typing import Final, cast

from libs.common.postgres import Connection

TOLD_LATELY: Final = """
    select count(*) from audit
    where actor = $1 and action = 'opposition.create' and at > public.clock() - interval '1 day'
"""


async def told_lately(connection: Connection, actor: str) -> int:
    """How many this agent has told within a day."""
    return cast(int, await connection.fetchval(TOLD_LATELY, actor))
