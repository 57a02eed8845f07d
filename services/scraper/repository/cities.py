"""What is known of a city, and of a department to be imported."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from libs.common.postgres import Connection
from services.scraper.domain import CityState, Window, department_of, is_department
from services.scraper.handlers.ports import (
    Asked,
    Claim,
    Gathered,
    KnownYear,
    LinesByCommune,
    Place,
    Target,
    YearProblem,
)
from services.scraper.repository.settling import settle

NEIGHBOURS: Final = 3

TARGETS: Final = """
    select code, coalesce(place.expands_to, array[code]) as codes, place.refusal
    from unnest($1::text[]) as code
    left join place on place.insee_code = code
"""

STATES: Final = """
    select asked.insee_code, asked.first_on, asked.last_on, public.clock() as now,
           city.last_scraped, city.first_year, city.failed_at, city.error,
           (select count(*)
            from (select from candidate c
                  where c.insee_code = asked.insee_code
                    and c.sold_on between asked.first_on and asked.last_on
                  limit $4) as counted) as on_offer
    from unnest($1::text[], $2::date[], $3::date[]) as asked(insee_code, first_on, last_on)
    left join city on city.insee_code = asked.insee_code
"""

NOT_COVERED: Final = """
    select insee_code, year from city_year
    where state = 'not_covered' and insee_code = any($1::text[])
    order by insee_code, year
"""

PLACE: Final = """
    select
      coalesce((select former_codes from place where insee_code = $1), '{}') as former_codes,
      array(
        select insee_code from place
        where insee_code like $2 || '%' and insee_code <> $1 and refusal is null
          and coalesce(expands_to, array[insee_code]) = array[insee_code]
        order by population desc limit $3
      ) as neighbours
"""

COMMUNES: Final = """
    select insee_code, former_codes from place
    where insee_code like $1 || '%' and refusal is null
      and coalesce(expands_to, array[insee_code]) = array[insee_code]
    order by insee_code
"""

# A year of several communes is known if one file served them all.
KNOWN: Final = """
    select year, min(file_sha256) as file_sha256, sum(lines)::int as lines
    from city_year
    where insee_code = any($1::text[]) and file_sha256 is not null
    group by year
    having count(*) = cardinality($1::text[]) and count(distinct file_sha256) = 1
"""


class PostgresCities(msgspec.Struct, frozen=True):
    connection: Connection

    async def targets(self, insee_codes: Sequence[str]) -> Mapping[str, Target]:
        """Under which codes each city's sales are filed; a code unknown to us stands for itself."""
        rows = await self.connection.fetch(TARGETS, list(insee_codes))
        return {
            row["code"]: Target(codes=tuple(row["codes"]), refusal=row["refusal"]) for row in rows
        }

    async def states(self, asked: Sequence[Asked], *, count_to: int) -> Mapping[Asked, CityState]:
        """What is known of each city; homes on offer are counted up to `count_to`."""
        pairs = sorted({(city, one.first, one.last) for city, one in asked})
        rows = await self.connection.fetch(
            STATES, *([pair[at] for pair in pairs] for at in range(3)), count_to
        )
        return {
            (row["insee_code"], Window(row["first_on"], row["last_on"])): CityState(
                **{name: row[name] for name in CityState.__struct_fields__}
            )
            for row in rows
        }

    async def problems(self, insee_codes: Sequence[str]) -> Sequence[YearProblem]:
        rows = await self.connection.fetch(NOT_COVERED, list(insee_codes))
        return [YearProblem(**dict(row)) for row in rows]

    async def place(self, insee_code: str) -> Place:
        """What must be known of a commune, or of all communes of a department."""
        if is_department(insee_code):
            return await self._department(insee_code)
        row = await self.connection.fetchrow(
            PLACE, insee_code, department_of(insee_code), NEIGHBOURS
        )
        return Place(
            insee_code=insee_code,
            communes=(insee_code,),
            moved=dict.fromkeys(row["former_codes"] if row else (), insee_code),
            neighbours=tuple(row["neighbours"]) if row else (),
            known=await self._known([insee_code]),
        )

    async def settle(
        self,
        claim: Claim,
        place: Place,
        gathered: Gathered,
        lines: Mapping[int, LinesByCommune],
    ) -> None:
        """Fresh, or failed with the reason; their years, and the averages of their sales."""
        await settle(self.connection, claim, place, gathered, lines)

    async def _department(self, code: str) -> Place:
        rows = await self.connection.fetch(COMMUNES, code)
        communes = [row["insee_code"] for row in rows]
        return Place(
            insee_code=code,
            communes=tuple(communes),
            moved={former: row["insee_code"] for row in rows for former in row["former_codes"]},
            neighbours=(),
            known=await self._known(communes),
        )

    async def _known(self, communes: Sequence[str]) -> Mapping[int, KnownYear]:
        return {
            row["year"]: KnownYear(file_sha256=row["file_sha256"], lines=row["lines"])
            for row in await self.connection.fetch(KNOWN, communes)
        }
