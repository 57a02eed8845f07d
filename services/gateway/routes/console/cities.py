"""Communes: whether their sales are known, what is in stock, how prices went."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Redirect

from services.gateway.pages.wording import Language, spoken
from services.gateway.repository.console import cities, imports
from services.gateway.repository.console import city as whole
from services.gateway.repository.console.cities import Tab
from services.gateway.repository.console.city import Price, Step
from services.gateway.routes import refreshes
from services.gateway.routes.console.act import act
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import fold

PER_PAGE: Final = 50
PATH: Final = "/console/cities"
PRICED: Final = ("house", "apartment", "land")
MONTHS_A_QUARTER: Final = 3

Number = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]
Words = Annotated[str, QueryParameter(name="q", max_length=100)]
Within = Annotated[str, QueryParameter(name="department", pattern="^([0-9][0-9AB]|9[78][0-9])?$")]
Shown = Annotated[Tab, QueryParameter(name="tab")]
By = Annotated[Step, QueryParameter(name="by")]
Code = Annotated[str, PathParameter(pattern="^[0-9][0-9AB][0-9]{3}$")]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of prices: what each kind cost, in the order of `PRICED`."""

    name: str
    prices: Sequence[Price | None]


@get("/cities")
async def list_cities(
    visit: Visited, tab: Shown = "", q: Words = "", department: Within = "", number: Number = 1
) -> Response[bytes]:
    """Fifty communes, the largest first, with what is known of each."""
    folded, offset = fold(q), (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        rows = await cities.page(
            connection, folded, department, tab, limit=PER_PAGE + 1, offset=offset
        )
        beside = await cities.beside(connection, rows[:PER_PAGE], **_window(visit))
        departments = await imports.names(connection)
    query = {"tab": tab, "q": q, "department": department}
    return await shown(
        visit,
        "console/cities.html",
        "cities",
        tab=tab,
        tabs=[(name, _path({**query, "tab": name})) for name in get_args(Tab)],
        q=q,
        department=department,
        departments=[(code, f"{code} {name}") for code, name in departments.items()],
        rows=rows[:PER_PAGE],
        beside=beside,
        newer=_path(query, number - 1) if number > 1 else "",
        older=_path(query, number + 1) if len(rows) > PER_PAGE else "",
    )


@get("/cities/{insee_code:str}")
async def show_city(visit: Visited, insee_code: Code, by: By = "quarter") -> Response[bytes]:
    """All that is known of a commune."""
    async with visit.ports.reading() as connection:
        city = await cities.find(connection, insee_code)
        if city is None:
            raise unknown(f"City {insee_code} not found")
        codes = sorted({city.insee_code, *city.expands_to})
        names: dict[str, Any] = {
            "beside": await cities.beside(connection, [city], **_window(visit)),
            "years": await whole.years(connection, city.expands_to),
            "refreshes": await whole.refreshes(connection, codes),
            "choosers": await whole.choosers(connection, insee_code),
        }
        prices = await whole.prices(connection, insee_code, by)
    say = spoken(visit.locale, "cities")
    kinds = [kind for kind in PRICED if any(price.kind == kind for price in prices)]
    return await shown(
        visit,
        "console/city.html",
        "cities",
        city=city,
        by=by,
        steps=[(step, f"{PATH}/{insee_code}?by={step}#prices") for step in get_args(Step)],
        kinds=kinds,
        periods=_periods(prices, kinds, by, say),
        series=_series(prices, kinds, say),
        window=_window(visit),
        **names,
    )


@post("/cities/{insee_code:str}/refresh")
async def refresh_city(visit: Visited, insee_code: Code) -> Redirect:
    """Have the sales of a commune read anew."""
    back = f"{PATH}/{insee_code}#refreshes"
    return await act(
        visit, refreshes.request_refresh, back=back, said="refresh_asked", insee=insee_code
    )


def _window(visit: Visit) -> dict[str, int]:
    settings = visit.ports.settings
    return {
        "oldest_years": settings.max_property_age_years,
        "youngest_years": settings.min_property_age_years,
    }


def _periods(
    prices: Sequence[Price], kinds: Sequence[str], step: Step, say: Language
) -> list[Period]:
    """The newest first."""
    known = {(price.starts_on, price.kind): price for price in prices}
    return [
        Period(name=_named(day, step, say), prices=[known.get((day, kind)) for kind in kinds])
        for day in sorted({price.starts_on for price in prices}, reverse=True)
    ]


def _named(day: Any, step: Step, say: Language) -> str:
    if step == "year":
        return str(day.year)
    if step == "month":
        return say.month(day)
    quarter = (day.month - 1) // MONTHS_A_QUARTER + 1
    return say.told("quarter_of", number=quarter, year=day.year)


def _series(prices: Sequence[Price], kinds: Sequence[str], say: Language) -> dict[str, Any]:
    """The same for the plot."""
    days = sorted({price.starts_on for price in prices})
    known = {(price.starts_on, price.kind): price.median_per_m2_eur for price in prices}
    return {
        "x": [int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) for day in days],
        "series": [
            {
                "label": say.kinds[kind],
                "unit": "€/m²",
                "values": [known.get((day, kind)) for day in days],
            }
            for kind in kinds
        ],
    }


def _path(query: dict[str, str], number: int = 1) -> str:
    given = {**query, "page": str(number) if number > 1 else ""}
    asked = urlencode({name: value for name, value in given.items() if value})
    return f"{PATH}?{asked}" if asked else PATH


PAGES: Final = (list_cities, show_city, refresh_city)
