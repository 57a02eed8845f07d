"""How far every group is behind, what the outboxes hold, and the past of that."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.repository import health
from services.gateway.repository.console import topics
from services.gateway.repository.console.topics import Past, TopicLag
from services.gateway.routes import outboxes
from services.gateway.routes.console.act import act, form, say
from services.gateway.routes.console.visit import Visited, shown

PATH: Final = "/console/topics"
PARIS: Final = ZoneInfo("Europe/Paris")
TYPED: Final = "outbox"
SLOTS: Final = 4
"""Of an hour."""
SLOW_SECONDS: Final = 60.0
"""How long an event may wait before somebody should look."""

Group = Annotated[str, QueryParameter(name="group", max_length=100)]
Topic = Annotated[str, QueryParameter(name="topic", max_length=100)]
Hours = Annotated[Literal[24, 48], QueryParameter(name="hours")]
Lines = Mapping[tuple[str, str], Sequence[int | None]]


@get("/topics")
async def show_topics(
    visit: Visited, group: Group = "", topic: Topic = "", hours: Hours = 24
) -> Response[bytes]:
    """What the bus said when it was last asked; of one group and topic, every partition."""
    async with visit.ports.reading() as connection:
        asked = await topics.asked(connection)
        lags = await topics.lags(connection)
        past = await topics.history(connection, hours)
        services = await health.services(connection)
    return await shown(
        visit,
        "console/topics.html",
        "topics",
        asked=asked,
        lags=[(one, condition(one)) for one in lags],
        past=drawn(past, hours),
        chosen=next(
            (one for one in lags if (one.consumer_group, one.topic) == (group, topic)), None
        ),
        hours=hours,
        services=services,
        typed=TYPED,
    )


@post("/topics/replay")
async def replay_outboxes(visit: Visited) -> Redirect:
    """Publish once more what was published since an instant, on the clock of Paris."""
    given = await form(visit)
    if given.get("confirmation") != TYPED:
        await say(visit, "unconfirmed", is_done=False)
        return Redirect(PATH, status_code=303)
    data: dict[str, Any] = {"since": _instant(given.get("since", ""))}
    if service := given.get("service"):
        data["service"] = service
    return await act(visit, outboxes.replay_outbox, back=PATH, said="replayed", data=data)


def condition(one: TopicLag) -> str:
    """The word for a group on a topic."""
    if not one.lag:
        return "ok" if one.members else "unattended"
    if not one.members:
        return "waiting"
    return "late" if (one.oldest_seconds or 0.0) > SLOW_SECONDS else "busy"


def drawn(found: Sequence[Past], hours: int) -> Lines:
    """The lag of each group and topic, a number for each slot; none where nobody looked."""
    lines: dict[tuple[str, str], Sequence[int | None]] = {}
    for past in found:
        known = dict(zip(past.slots, past.lags, strict=True))
        points = [known.get(slot) for slot in range(hours * SLOTS)]
        lines[past.consumer_group, past.topic] = points
    return lines


def _instant(given: str) -> str:
    """As the operation reads it; what is no instant is refused there."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return given
    return (at if at.tzinfo else at.replace(tzinfo=PARIS)).isoformat()


PAGES: Final = (show_topics, replay_outboxes)
