"""What operators did: rows are added, never changed."""

from collections.abc import Mapping
from typing import Any, Final

from libs.common.postgres import Connection

NOTHING: Final[Mapping[str, Any]] = {}

RECORD: Final = """
    insert into audit (actor, action, target, request_id, detail) values ($1, $2, $3, $4, $5)
"""


async def record(
    connection: Connection,
    *,
    actor: str,
    action: str,
    target: str,
    request_id: str,
    detail: Mapping[str, Any] = NOTHING,
) -> None:
    """Remember who did what to what; ids only, in the transaction of the effect."""
    await connection.execute(RECORD, actor, action, target, request_id, detail)
