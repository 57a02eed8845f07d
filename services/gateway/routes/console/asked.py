"""Values in addresses that a form of ours writes: an empty field restricts nothing."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import TypeVar, cast
from uuid import UUID

from services.gateway.pages.moments import PARIS
from services.gateway.routes.calendar import YEARS
from services.gateway.routes.problems import Fault, invalid
from services.gateway.routes.values import identifier

A = TypeVar("A", bound=str)


def one_of(name: str, value: str, known: Collection[A]) -> A | None:
    """The value, if it is known; nothing where nothing was chosen."""
    if not value:
        return None
    if value not in known:
        raise invalid(Fault(pointer=f"/{name}", detail="is not one of ours", place="query"))
    return cast(A, value)


def an_id(name: str, value: str) -> UUID | None:
    """The id, if one was given."""
    return identifier(value.strip(), name) if value.strip() else None


def a_month(name: str, value: str) -> tuple[datetime, datetime] | None:
    """The first instant of a month in Paris, and that of the next: `2026-11`."""
    if not value:
        return None
    try:
        first = date.fromisoformat(f"{value}-01")
    except ValueError as error:
        fault = Fault(pointer=f"/{name}", detail="is not a month, as 2026-11", place="query")
        raise invalid(fault) from error
    if first.year not in YEARS:
        detail = f"is not in the years {YEARS.start} to {YEARS.stop - 1}"
        raise invalid(Fault(pointer=f"/{name}", detail=detail, place="query"))
    following = first + timedelta(days=monthrange(first.year, first.month)[1])
    since, until = (datetime.combine(day, time(), PARIS) for day in (first, following))
    return since, until
