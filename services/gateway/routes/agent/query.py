"""What the address of the page says of the list: which homes, sorted how, and which of its pages.

People keep and send such addresses: what they say that means nothing is passed over.
"""

import re
from collections.abc import Container, Mapping
from datetime import date
from typing import Any, Final, cast, get_args
from urllib.parse import urlencode

import msgspec

from services.gateway.repository.agent.homes import SORTS, Sort, Wanted
from services.gateway.routes.properties import FollowUpStatus
from services.gateway.routes.registration import INSEE_CODE, PropertyType
from services.gateway.routes.values import fold

STATUSES: Final[tuple[str, ...]] = get_args(FollowUpStatus)
KINDS: Final[tuple[str, ...]] = get_args(PropertyType)
MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
ALL: Final = "all"
MOST_WORDS: Final = 100
NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")


class Query(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The list as its address says it; what is not said is as usual."""

    month: str = ""
    """`2026-11`, `all`, or nothing for the latest."""
    status: str = ""
    kind: str = ""
    city: str = ""
    q: str = ""
    due: str = ""
    sort: Sort = "delivered"
    page: int = 1

    def wanted(self, latest: date | None) -> Wanted:
        """The homes that are asked for."""
        said = MONTH.fullmatch(self.month)
        month = date(int(said[1]), int(said[2]), 1) if said else latest
        return Wanted(
            month=None if self.month == ALL else month,
            status=self.status or None,
            kind=self.kind or None,
            city=self.city or None,
            words=fold(self.q) or None,
            is_due=bool(self.due),
            sort=self.sort,
        )

    def string(self, **changed: Any) -> str:
        """`?month=…` of this list, or of one that differs so; the first page unless that is named."""
        told = self.fields(**changed)
        return f"?{urlencode(told)}" if told else ""

    def fields(self, **changed: Any) -> dict[str, Any]:
        """The same as the fields of a form."""
        said = {**msgspec.structs.asdict(self), "page": 1, **changed}
        return {name: value for name, value in said.items() if value and value != USUAL.get(name)}

    def whole(self, month: date | None) -> dict[str, Any]:
        """All pages of this list, for whoever would not know which month is meant."""
        return self.fields(month=f"{month:%Y-%m}" if month else ALL)

    def here(self) -> str:
        """`?month=…` of this very page of the list."""
        return self.string(page=self.page)

    @property
    def is_filtered(self) -> bool:
        """Whether more than the month is said of the homes."""
        return any((self.status, self.kind, self.city, self.q, self.due))


USUAL: Final[Mapping[str, Any]] = {"page": 1, "sort": "delivered"} | dict.fromkeys(
    ("month", "status", "kind", "city", "q", "due"), ""
)


def query(said: Mapping[str, str]) -> Query:
    """The list that these values of an address ask for."""
    month, city, number = said.get("month", ""), said.get("city", ""), said.get("page", "")
    return Query(
        month=month if month == ALL or MONTH.fullmatch(month) else "",
        status=_one_of(STATUSES, said.get("status")),
        kind=_one_of(KINDS, said.get("kind")),
        city=city if INSEE_CODE.fullmatch(city) else "",
        q=" ".join(said.get("q", "")[:MOST_WORDS].split()),
        due="1" if said.get("due") == "1" else "",
        sort=cast(Sort, _one_of(SORTS, said.get("sort")) or "delivered"),
        page=int(number) if NUMBER.fullmatch(number) else 1,
    )


def _one_of(known: Container[str], said: str | None) -> str:
    return said if said and said in known else ""
