"""The list of addresses, and each of them alone."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get

from services.gateway.pages.agent import by_month, card, files
from services.gateway.pages.moments import PARIS
from services.gateway.repository import properties
from services.gateway.repository.agent import comparables, homes
from services.gateway.repository.agent.homes import SORTS, Group
from services.gateway.routes.agent.query import ALL, KINDS, STATUSES, Query, query
from services.gateway.routes.agent.visitor import Opened, Visitor, shown
from services.gateway.routes.values import PathId

PER_PAGE: Final = 50
FIRST_MONTHS: Final = 6
"""As many of the latest are named at once; the others are unfolded."""


class MissingHomeError(Exception):
    """An address that this client has not received, or that is shown no more."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__("missing")
        self.visitor: Final = visitor


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the list can be narrowed to, with how many homes each."""

    months: Mapping[date, int]
    statuses: Mapping[str, int]
    kinds: Mapping[str, int]
    cities: Mapping[str, str]
    due: int
    in_month: int
    in_all: int


@get("/", name="agent_page")
async def show_addresses(opened: Opened) -> Response[bytes]:
    """The addresses of the latest month, or those that the query asks for."""
    asked, client_id = query(opened.request.query_params), opened.holder.client_id
    async with opened.ports.reading() as connection:
        found = await homes.groups(connection, client_id)
        latest = max((group.month for group in found), default=None)
        wanted = asked.wanted(latest)
        offset = (asked.page - 1) * PER_PAGE
        rows, total = await homes.wanted_homes(
            connection, client_id, wanted, limit=PER_PAGE, offset=offset
        )
        if asked.page > 1 and not rows:  # past the end of a list that may have become shorter
            asked = msgspec.structs.replace(asked, page=1)
            rows, total = await homes.wanted_homes(
                connection, client_id, wanted, limit=PER_PAGE, offset=0
            )
    return shown(
        opened,
        "page.html",
        query=asked,
        month=wanted.month,
        latest=latest,
        choices=choices(found, wanted.month),
        **listed(opened, rows, asked),
        total=total,
        older=asked.page + 1 if asked.page * PER_PAGE < total else 0,
        sorts=SORTS,
        statuses=STATUSES,
        first_months=FIRST_MONTHS,
        whole=asked.whole(wanted.month),
        changed=opened.request.query_params.get("changed", ""),
        said=opened.said,
    )


def listed(opened: Visitor, rows: Sequence[Any], asked: Query) -> dict[str, Any]:
    """The homes in words, by month where they are in the order of their delivery."""
    cards = [card(row, opened.say, today(opened)) for row in rows]
    in_order = asked.sort == "delivered" and asked.month == ALL
    groups = by_month(cards) if in_order else [(None, cards)]
    return {"groups": groups, "files": files(rows)}


def choices(found: Sequence[Group], month: date | None) -> Choices:
    """What the list can be narrowed to, within the month that is shown."""
    months: dict[date, int] = {}
    for group in sorted(found, key=lambda group: group.month, reverse=True):
        months[group.month] = months.get(group.month, 0) + group.homes
    here = [group for group in found if month in {None, group.month}]
    statuses = {status: _homes(here, "status", status) for status in STATUSES}
    kinds = {kind: _homes(here, "kind", kind) for kind in KINDS}
    cities = {group.insee_code: group.city_name for group in here}
    return Choices(
        months=months,
        statuses=statuses,
        kinds={kind: count for kind, count in kinds.items() if count},
        cities=dict(sorted(cities.items(), key=lambda city: city[1])),
        due=sum(group.due for group in found),
        in_month=sum(group.homes for group in here),
        in_all=sum(months.values()),
    )


def _homes(groups: Sequence[Group], by: str, value: str) -> int:
    return sum(group.homes for group in groups if getattr(group, by) == value)


def today(opened: Visitor) -> date:
    """The day in Paris."""
    return opened.ports.clock().astimezone(PARIS).date()


@get("/homes/{address_id:str}", name="agent_home")
async def show_home(opened: Opened, address_id: PathId) -> Response[bytes]:
    """One address with all that is known of it, and what the agent makes of it."""
    return await home_page(opened, address_id)


async def home_page(
    opened: Visitor, address_id: str, *, status: int = 200, **names: Any
) -> Response[bytes]:
    """The page of an address, with what was sent and what is wrong with it if something is."""
    row, states = await found_home(opened, address_id)
    async with opened.ports.reading() as connection:
        compared = await comparables.nearest(connection, row) if row["estimate_eur"] else ()
    given = {name: row[name] for name in FOLLOWED}
    return shown(
        opened,
        "home.html",
        status=status,
        query=query(opened.request.query_params),
        home=card(row, opened.say, today(opened)),
        states=[(state["followed_at"].astimezone(PARIS), state) for state in reversed(states)],
        compared=compared,
        files=files([row]),
        statuses=STATUSES,
        soon=[(days, today(opened) + timedelta(days=days)) for days in SOON],
        **{"given": given, "wrong": frozenset[str](), "said": opened.said, **names},
    )


SOON: Final = (1, 7, 30)
"""Days until a follow-up, for whoever would rather not choose one."""
FOLLOWED: Final = ("notes", "contact_date", "follow_up", "sale_horizon", "desired_price")


async def found_home(opened: Visitor, address_id: str) -> tuple[Any, Sequence[Any]]:
    """One of the client's homes with every state of its follow-up, the oldest first."""
    try:
        wanted = UUID(address_id)
    except ValueError:
        raise MissingHomeError(opened) from None
    client_id = opened.holder.client_id
    async with opened.ports.reading() as connection:
        row = await homes.home(connection, client_id, wanted)
        if row is None:
            raise MissingHomeError(opened)
        return row, await properties.history(connection, client_id, wanted)
