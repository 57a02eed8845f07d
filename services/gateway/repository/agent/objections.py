"""Objections of inhabitants that agents have told on their page."""

from typing import Final, cast

from libs.common.postgres import Connection

# Whoever tells several at the same time tells them one after another: each is counted.
TAKE_TURN: Final = "select pg_advisory_xact_lock(hashtextextended('gateway.objection ' || $1, 0))"

TOLD_LATELY: Final = """
    select count(*) from audit
    where actor = $1 and action = 'opposition.create' and at > public.clock() - interval '1 day'
"""


async def told_lately(connection: Connection, actor: str) -> int:
    """How many this agent has told within a day; until the transaction ends it tells no other."""
    await connection.execute(TAKE_TURN, actor)
    return cast(int, await connection.fetchval(TOLD_LATELY, actor))
