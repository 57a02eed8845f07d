"""The clients of the console: found, listed, told what is wrong with each."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from libs.common.postgres import Connection
from services.gateway.repository.console import clients
from services.gateway.repository.console.clients import Tab, Wanted
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.values import fold

PER_PAGE: Final = 50
PATH: Final = "/console/clients"
DAYS: Final = [(str(day), str(day)) for day in range(1, 32)]
LEAST_OF_A_CITY: Final = 2
"""One letter begins thousands of cities."""

Number = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]
Shown = Annotated[Tab | Literal["erased", ""], QueryParameter(name="tab")]
Words = Annotated[str, QueryParameter(name="q", max_length=200)]
Day = Annotated[str, QueryParameter(name="day", pattern="^([1-9]|[12][0-9]|3[01])?$")]


class Link(msgspec.Struct, frozen=True):
    """A tab of the list, and how many it shows."""

    name: str
    path: str
    count: int | None


@get("/clients")
async def list_clients(
    visit: Visited, tab: Shown = "", q: Words = "", day: Day = "", number: Number = 1
) -> Response[bytes]:
    """Fifty clients, the last registered first, of a tab, a day, or with a word in what names them."""
    offset = (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        counts = await clients.counts(connection)
        rows: Sequence[Any] = (
            await clients.erased(
                connection, clients.ids_beginning(q), limit=PER_PAGE + 1, offset=offset
            )
            if tab == "erased"
            else await _found(connection, tab or None, q, int(day) if day else None, offset)
        )
    query = {"tab": tab, "q": q.strip(), "day": day}
    return await shown(
        visit,
        "console/clients.html",
        "clients",
        tab=tab,
        tabs=_tabs(counts, query),
        q=q,
        day=day,
        days=DAYS,
        most=clients.MOST_COUNTED,
        rows=rows[:PER_PAGE],
        newer=_path(query, number - 1) if number > 1 else "",
        older=_path(query, number + 1) if len(rows) > PER_PAGE else "",
    )


async def _found(
    connection: Connection, tab: Tab | None, q: str, day: int | None, offset: int
) -> Sequence[clients.ListedClient]:
    place = fold(q)
    wanted = Wanted(
        tab=tab,
        send_day=day,
        words=q.replace("\0", " ").split(),
        place=place if len(place) >= LEAST_OF_A_CITY else "",
        ids=clients.ids_beginning(q),
    )
    return await clients.page(connection, wanted, limit=PER_PAGE + 1, offset=offset)


def _tabs(counts: clients.Counts, query: dict[str, Any]) -> list[Link]:
    named = [
        Link(name, _path({**query, "tab": name}), getattr(counts, name))
        for name in counts.__struct_fields__
    ]
    return [Link("", _path({**query, "tab": ""}), None), *named]


def _path(query: dict[str, Any], number: int = 1) -> str:
    given = {**query, "page": number if number > 1 else ""}
    asked = urlencode({name: value for name, value in given.items() if value != ""})
    return f"{PATH}?{asked}" if asked else PATH


PAGES: Final = (list_clients,)
