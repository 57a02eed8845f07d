"""Dead letters in groups of one cause; what waits, is done or was discarded one by one."""

from typing import Annotated, Final, get_args
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, PathParameter, QueryParameter

from services.gateway.repository.console import bulk, dead_letters
from services.gateway.repository.console.dead_letters import LOOKED_AT
from services.gateway.repository.dead_letters import HeldState, Service
from services.gateway.routes.console.asked import one_of
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.problems import unknown

PER_PAGE: Final = 50
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
MOST_PAGES: Final = len(SERVICES) * LOOKED_AT // PER_PAGE
STATES: Final[tuple[HeldState, ...]] = ("dead", "waiting", "done", "discarded")

Text = Annotated[str, QueryParameter(max_length=20)]
State = Annotated[str, QueryParameter(name="state", max_length=20)]
Number = Annotated[int, QueryParameter(name="page", ge=1, le=MOST_PAGES)]
GroupId = Annotated[str, PathParameter(pattern="^[0-9a-f]{32}$")]


@get("/dead-letters")
async def list_letters(
    visit: Visited, service: Text = "", held_state: State = "", number: Number = 1
) -> Response[bytes]:
    """What could not be handled: the dead letters in groups, the other states one by one."""
    whose = one_of("service", service, SERVICES)
    wanted = one_of("state", held_state, STATES) or "dead"
    offset = (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        groups = await dead_letters.groups(connection, whose) if wanted == "dead" else []
        found = await dead_letters.letters(
            connection, whose, None, wanted, limit=PER_PAGE + 1, offset=offset
        )
    return await shown(
        visit,
        "console/dead_letters.html",
        "dead_letters",
        groups=groups,
        total=sum(group.letters for group in groups),
        looked_at=LOOKED_AT,
        letters=[] if wanted == "dead" else found[:PER_PAGE],
        services=SERVICES,
        tabs=[(name, _address(service, name)) for name in STATES],
        service=service,
        state=wanted,
        newer=_address(service, wanted, number - 1) if number > 1 else "",
        older=_address(service, wanted, number + 1) if len(found) > PER_PAGE else "",
    )


@get("/dead-letters/{service:str}/groups/{group_id:str}")
async def show_group(
    visit: Visited, service: FromPath[Service], group_id: GroupId, number: Number = 1
) -> Response[bytes]:
    """The letters of one cause, and how far their last replay has come."""
    offset = (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        groups = await dead_letters.groups(connection, service, group_id)
        run = await bulk.latest(connection, service, group_id)
        standing = run and await bulk.standing(connection, run)
        found = await dead_letters.letters(
            connection, service, group_id, "dead", limit=PER_PAGE + 1, offset=offset
        )
    if not groups and run is None:
        raise unknown(f"The {service} has no such group of dead letters")
    path = f"/console/dead-letters/{service}/groups/{group_id}"
    return await shown(
        visit,
        "console/dead_letter_group.html",
        "dead_letters",
        group=groups[0] if groups else None,
        service=service,
        base=path,
        run=run,
        standing=standing,
        letters=found[:PER_PAGE],
        newer=f"{path}?page={number - 1}" if number > 1 else "",
        older=f"{path}?page={number + 1}" if len(found) > PER_PAGE else "",
    )


def _address(service: str, state: str, number: int = 1) -> str:
    given = {
        "service": service,
        "state": "" if state == "dead" else state,
        "page": str(number) if number > 1 else "",
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/console/dead-letters?{query}" if query else "/console/dead-letters"


PAGES: Final = (list_letters, show_group)
