"""How much there is of everything."""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import get

from services.gateway.repository import stats
from services.gateway.routes.ports import Given

MAIL_STATES: Final = (
    "pending", "claimed", "handing_off", "sent", "failed", "unknown", "suppressed",
)  # fmt: skip


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the system. An erased client goes on being counted, but not as active."""

    total_clients: int
    active_clients: int
    total_properties: int
    """Homes on offer; of more than 100,000 about how many."""
    total_assignments: int
    jobs_pending: int
    jobs_processing: int
    jobs_completed: int
    jobs_failed: int
    mails: Mapping[str, int]
    """By state."""
    dead_letters: int
    outbox_unpublished: int


@get("/stats", tags=["Health"])
async def system_stats(ports: Given) -> Stats:
    """How many clients, homes, deliveries, jobs and mails there are, and what is stuck."""
    async with ports.reading() as connection:
        counts, mails = await stats.counts(connection), await stats.mails(connection)
    return Stats(mails={**dict.fromkeys(MAIL_STATES, 0), **mails}, **counts)
