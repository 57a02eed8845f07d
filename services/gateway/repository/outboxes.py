"""Events of the past, published once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from libs.common.postgres import Connection
from services.gateway.repository.dead_letters import Service

REPLAY: Final = """
    select case $1::text
      when 'gateway' then replay_outbox($2)
      when 'scraper' then scraper.replay_outbox($2)
      when 'assigner' then assigner.replay_outbox($2)
      when 'notifier' then notifier.replay_outbox($2)
      when 'scheduler' then scheduler.replay_outbox($2) end
"""


async def replay(
    connection: Connection, services: Sequence[Service], since: datetime
) -> Mapping[str, int]:
    """Have what these services published since then published again; how many events of each."""
    return {one: int(await connection.fetchval(REPLAY, one, since) or 0) for one in services}
