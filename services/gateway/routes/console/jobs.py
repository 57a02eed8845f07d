"""The jobs, the newest first."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import QueryParameter

from services.gateway.repository.console import jobs
from services.gateway.repository.console.jobs import KINDS, MOST_COUNTED, STATES, Wanted
from services.gateway.routes.console.asked import an_id, one_of
from services.gateway.routes.console.live import Live, part
from services.gateway.routes.console.visit import Visit, Visited, shown, written
from services.gateway.routes.problems import Fault, invalid
from services.gateway.routes.streams import MEDIA_TYPE, PING_SECONDS, Stream

PATH: Final = "/console/jobs"
PER_PAGE: Final = 50
MOST_PAGES: Final = 200
PAUSE_SECONDS: Final = 2.0

Text = Annotated[str, QueryParameter(max_length=40)]
Number = Annotated[int, QueryParameter(name="page", ge=1, le=MOST_PAGES)]
Given = Mapping[str, str]


@get("/jobs")
async def list_jobs(
    visit: Visited,
    *,
    status: Text = "",
    kind: Text = "",
    client_id: Text = "",
    city: Text = "",
    since: Text = "",
    live: Text = "",
    number: Number = 1,
) -> Response[bytes]:
    """Show the jobs of a state, kind, client or city, from a day on; they stay true by themselves."""
    given = {
        "status": status, "kind": kind, "client_id": client_id, "city": city, "since": since, "live": live,
    }  # fmt: skip
    names = await _names(visit, given, number)
    return await shown(visit, "console/jobs.html", "jobs", **names)


@get("/jobs/events", media_type=MEDIA_TYPE)
async def jobs_events(
    visit: Visited,
    *,
    status: Text = "",
    kind: Text = "",
    client_id: Text = "",
    city: Text = "",
    since: Text = "",
    number: Number = 1,
) -> Response[str]:
    """Send the same list whenever it has changed."""
    given = {"status": status, "kind": kind, "client_id": client_id, "city": city, "since": since}

    async def draw() -> bytes:
        names = await _names(visit, given, number)
        return part(
            written(visit, "console/jobs_live.html", "jobs", **names), "#jobs", "innerMorph"
        )

    following = Live(draw, idle_seconds=PING_SECONDS, pause_seconds=PAUSE_SECONDS)
    return Stream(visit.ports.feed, following.follow, share="all")


async def _names(visit: Visit, given: Given, number: int) -> dict[str, Any]:
    wanted = _wanted(given)
    async with visit.ports.reading() as connection:
        counts = await jobs.counts(connection)
        found = await jobs.page(
            connection, wanted, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE
        )
    has_more = len(found) > PER_PAGE and number < MOST_PAGES
    return {
        "rows": found[:PER_PAGE],
        "counts": counts,
        "counted": MOST_COUNTED,
        "given": given,
        "is_filtered": wanted != Wanted(),
        "is_live": given.get("live") != "no",
        "tabs": [(name, address({**given, "status": name})) for name in ("", *STATES)],
        "kinds": KINDS,
        "events": address({**given, "page": number}, "/events"),
        "frozen": address({**given, "live": "no", "page": number}),
        "thawed": address({**given, "live": "", "page": number}),
        "newer": address({**given, "page": number - 1}) if number > 1 else "",
        "older": address({**given, "page": number + 1}) if has_more else "",
    }


def _wanted(given: Given) -> Wanted:
    return Wanted(
        status=one_of("status", given["status"], STATES),
        kind=one_of("kind", given["kind"], KINDS),
        client=an_id("client_id", given["client_id"]),
        city=given["city"].strip().upper() or None,
        since=_day(given["since"]),
    )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        fault = Fault(pointer="/since", detail="is not a day, as 2026-11-22", place="query")
        raise invalid(fault) from error


def address(query: Mapping[str, str | int], below: str = "") -> str:
    """The list with these filters, or what lies below it."""
    kept = {name: value for name, value in query.items() if value and (name, value) != ("page", 1)}
    return f"{PATH}{below}?{urlencode(kept)}" if kept else f"{PATH}{below}"


PAGES: Final = (list_jobs, jobs_events)
