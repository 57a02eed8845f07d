"""Outboxes: what was published is published once more, for a broker that has lost it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, get_args

import msgspec
from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import outboxes
from services.gateway.repository.dead_letters import Service
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, invalid

KEPT: Final = timedelta(days=30)
"""How long an outbox keeps what it has published."""


class ReplayOutbox(Body, frozen=True, kw_only=True):
    """From when on, and of which service; without `service` of all."""

    since: Annotated[datetime, Meta(tz=True, examples=["2026-11-21T08:00:00Z"])]
    service: Service | None = None


class OutboxReplay(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of each service are published again; `since` is 30 days ago at most."""

    success: Literal[True] = True
    since: datetime
    events: Mapping[str, int]
    message: str


@post("/outbox/replay", tags=["Outboxes"], status_code=200)
async def replay_outbox(
    data: JSONBody[ReplayOutbox], ports: Given, request: StrictRequest
) -> Response[OutboxReplay]:
    """Publish once more what was published since then: what rebuilds a broker that came back empty.

    Every event keeps its id, so whoever has handled it does nothing. What waits is left as it is.
    """
    now = ports.clock()
    if data.since > now:
        raise invalid(Fault(pointer="/since", detail="lies ahead"))
    since = max(data.since, now - KEPT)
    services: tuple[Service, ...] = (data.service,) if data.service else get_args(Service)

    async def replay(connection: Connection, _: Emit) -> OutboxReplay:
        events = await outboxes.replay(connection, services, since)
        number, about = sum(events.values()), {"since": since.isoformat(), "events": events}
        await record(connection, request, "outbox.replay", data.service or "all", **about)
        note(request, "outbox_replayed", **about)
        plural = "" if number == 1 else "s"
        message = f"{number} event{plural} will be published again; who knows them does nothing"
        return OutboxReplay(since=since, events=events, message=message)

    return await once(request, ports, replay)
