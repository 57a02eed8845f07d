"""Events of the past, published once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from libs.common.postgres import Connection
from services.gateway.repository.dead_letters import Service

REPLAY: Final = """
    select service, case service
      when 'gateway' then replay_outbox($2)
      when 'scraper' then scraper.replay_outbox($2)
      when 'assigner' then assigner.replay_outbox($2)
      when 'notifier' then notifier.replay_outbox($2)
      when 'scheduler' then scheduler.replay_outbox($2) end as events
    from unnest($1::text[]) as service
"""


async def replay(
    connection: Connection, services: Sequence[Service], since: datetime
) -> Mapping[str, int]:
    """Have what these services published since then published again; how many events of each."""
    rows = await connection.fetch(REPLAY, services, since)
    return {row["service"]: row["events"] for row in rows}
