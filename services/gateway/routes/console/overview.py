"""The overview: how this month is going, how the system is, what needs a person."""

from typing import Final, cast

from litestar import Response, get

from services.gateway.routes.console.glance import Glance
from services.gateway.routes.console.live import Live, part
from services.gateway.routes.console.visit import Visit, Visited, shown, written
from services.gateway.routes.streams import MEDIA_TYPE, Stream

TEMPLATE: Final = "console/overview_live.html"
IDLE_SECONDS: Final = 1.5
PAUSE_SECONDS: Final = 0.5


@get("/")
async def overview(visit: Visited) -> Response[bytes]:
    """Show this month, four tiles, and what needs a person."""
    glance = glance_of(visit)
    month, state = await glance.month(), await glance.state()
    return await shown(visit, "console/overview.html", "overview", month=month, state=state)


@get("/events", media_type=MEDIA_TYPE)
async def overview_events(visit: Visited) -> Response[str]:
    """The overview as it changes."""
    glance = glance_of(visit)

    async def draw() -> bytes:
        month, state = await glance.month(), await glance.state()
        return part(
            written(visit, TEMPLATE, "overview", month=month, state=state),
            "#overview",
            "innerMorph",
        )

    live = Live(draw, idle_seconds=IDLE_SECONDS, pause_seconds=PAUSE_SECONDS)
    return Stream(visit.ports.feed, live.follow, share="all")


def glance_of(visit: Visit) -> Glance:
    """The one of this application."""
    state = visit.request.app.state
    if (known := state.get("glance")) is None:
        known = state["glance"] = Glance(visit.ports)
    return cast(Glance, known)


PAGES: Final = (overview, overview_events)
