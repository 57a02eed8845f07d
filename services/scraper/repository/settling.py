"""What a refresh makes of a city, an import of all cities of a department."""

from collections.abc import Iterator, Mapping
from typing import Final

from libs.common.postgres import Connection
from services.scraper.domain import department_of, is_department
from services.scraper.handlers.ports import Claim, Gathered, LinesByCommune, Place, Verdict
from services.scraper.repository.outlines import WANT
from services.scraper.repository.prices import PATIENCE_SECONDS, price

SUCCEEDED: Final = """
    insert into city (insee_code, last_scraped, first_year)
    select insee_code, public.clock(), $2 from unnest($1::text[]) as insee_code
    on conflict (insee_code)
    do update set last_scraped = excluded.last_scraped, first_year = excluded.first_year,
                  failed_at = null, error = null
"""

FAILED: Final = """
    insert into city (insee_code, failed_at, error) values ($1, public.clock(), $2)
    on conflict (insee_code) do update set failed_at = excluded.failed_at, error = excluded.error
"""

KNOWN_OF: Final = """
    insert into city (insee_code) select unnest($1::text[]) on conflict do nothing
"""

# A year that is in stock stays read when its publishers have dropped it.
YEARS: Final = """
    insert into city_year (insee_code, year, state, error, source, edition, file_sha256, lines,
                           loaded_at)
    select y.insee_code, y.year, y.state, y.error, coalesce(y.source, ''), coalesce(y.edition, ''),
           y.file_sha256, coalesce(y.lines, 0), case when y.file_sha256 is not null then public.clock() end
    from jsonb_to_recordset($1) as y(insee_code text, year int, state text, error text, source text,
                                     edition text, file_sha256 text, lines int)
    on conflict (insee_code, year)
    do update set error = excluded.error,
      state = case when excluded.state = 'not_covered' and city_year.file_sha256 is not null
                   then 'read' else excluded.state end,
      source = coalesce(nullif(excluded.source, ''), city_year.source),
      edition = case when excluded.file_sha256 is null then city_year.edition
                     else excluded.edition end,
      lines = case when excluded.file_sha256 is null then city_year.lines else excluded.lines end,
      file_sha256 = coalesce(excluded.file_sha256, city_year.file_sha256),
      loaded_at = coalesce(excluded.loaded_at, city_year.loaded_at)
"""

# Paris, Lyon and Marseille are as fresh as the stalest of their arrondissements.
PARENT: Final = """
    with parent as (
      select insee_code, expands_to from place
      where expands_to && $1::text[] and cardinality(expands_to) > 1
    ),
    freshness as (
      select parent.insee_code, min(city.last_scraped) as last_scraped,
             max(city.first_year) as first_year,
             count(city.last_scraped) = cardinality(parent.expands_to) as complete
      from parent left join city on city.insee_code = any(parent.expands_to)
      group by parent.insee_code, parent.expands_to
    )
    insert into city (insee_code, last_scraped, first_year)
    select insee_code, case when complete then last_scraped end,
           case when complete then first_year end
    from freshness
    on conflict (insee_code)
    do update set last_scraped = excluded.last_scraped, first_year = excluded.first_year
"""

# Doors that clients have received from the old system: they are not repeated.
RECALL: Final = "select recall_doors($1, false)"


async def settle(
    connection: Connection,
    claim: Claim,
    place: Place,
    gathered: Gathered,
    lines: Mapping[int, LinesByCommune],
) -> None:
    """Fresh, or failed with the reason; their years, and what their sales say of prices.

    An import that failed leaves the cities as fresh as they were: their own publishers may serve
    them all the same. One of some years only makes none fresh.
    """
    communes = list(place.communes)
    first_year = _first_year(claim, gathered)
    if gathered.error is None and first_year is not None:
        await connection.execute(SUCCEEDED, communes, first_year)
    elif is_department(place.insee_code):
        await connection.execute(KNOWN_OF, communes)
    else:
        await connection.execute(FAILED, place.insee_code, gathered.error)
    await connection.execute(YEARS, list(_year_rows(place, gathered, lines)))
    await connection.execute(PARENT, communes)
    await connection.execute(WANT, communes)
    await price(connection, department_of(place.insee_code), communes)
    if lines:  # last: until the end these clients are kept from being chosen for
        await connection.fetch(RECALL, communes, timeout=PATIENCE_SECONDS)


def _first_year(claim: Claim, gathered: Gathered) -> int | None:
    """The year since when all have been read until now; none if some are missing in between."""
    if not is_department(claim.insee_code):
        return claim.first_year or min(gathered.years)
    first: int | None = None
    while (year := claim.today.year if first is None else first - 1) in gathered.years:
        first = year
    return first


def _year_rows(
    place: Place, gathered: Gathered, lines: Mapping[int, LinesByCommune]
) -> Iterator[dict[str, object]]:
    """A row for each commune and year; a year that no import could read is the cities' own affair."""
    is_import = is_department(place.insee_code)
    for year, verdict in gathered.years.items():
        if is_import and verdict.state == "failed":
            continue
        for commune in place.communes:
            found = lines.get(year, {}).get(commune, 0)
            yield _year_row(commune, year, verdict, found)


def _year_row(commune: str, year: int, verdict: Verdict, lines: int) -> dict[str, object]:
    attempt = verdict.attempt
    row: dict[str, object] = {
        "insee_code": commune, "year": year, "state": verdict.state, "error": verdict.error,
    }  # fmt: skip
    if attempt is None or attempt.state != "loaded":
        return row
    return row | {
        "state": "read" if lines else "no_sale",
        "source": attempt.source.format,
        "edition": attempt.edition,
        "file_sha256": attempt.sha256,
        "lines": lines,
    }
