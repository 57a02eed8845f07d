"""Every year of a city, each from the first publisher that serves it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date

import msgspec
import structlog

from services.scraper.domain import (
    Source,
    edition_in,
    first_incomplete_year,
    hollow_years,
    is_department,
)
from services.scraper.handlers.ports import (
    Attempt,
    BrokenFileError,
    Fetched,
    Files,
    Gathered,
    MissingFileError,
    Place,
    SourceDownError,
    Verdict,
)
from services.scraper.handlers.verdict import verdict
from services.scraper.sales import Reading, SalesFileError, read_sales

log = structlog.get_logger()

OnFile = Callable[[int], Awaitable[None]]
"""Told after each file how many years have been served so far."""


async def gather(
    place: Place,
    years: Sequence[int],
    *,
    sources: Sequence[Source],
    files: Files,
    today: date,
    on_file: OnFile,
) -> Gathered:
    """Ask the publishers in their order, year by year; no transaction is open meanwhile.

    Whether a year is hollow shows only beside the others of its publisher, so that is judged when
    each year has been tried, and a hollow one goes on to the next publisher.
    """
    asked: list[Attempt] = []
    served: dict[int, Attempt] = {}
    queues = {year: [source for source in sources if source.serves(year)] for year in years}
    while open_years := [year for year, queue in queues.items() if queue and year not in served]:
        for year in open_years:
            attempt = await _ask(place, year, queues[year].pop(0), files, asked)
            asked.append(attempt)
            if attempt.error is None and attempt.state != "not_covered":
                served[year] = attempt
            await on_file(len(served))
        _drop_hollow(asked, served, today)
    verdicts = {year: verdict(year, asked, served.get(year), place) for year in years}
    return Gathered(attempts=tuple(asked), years=verdicts, error=_error(verdicts))


async def _ask(
    place: Place, year: int, source: Source, files: Files, asked: Sequence[Attempt]
) -> Attempt:
    url = source.url(place.insee_code, year)
    attempt = Attempt(
        year=year, source=source, url=url, edition=edition_in(url), state="not_covered"
    )
    # A publisher that has just been down for another year is not waited for again.
    patient = not any(one.state == "down" and one.source == source for one in asked)
    try:
        fetched = await files.fetch(source, place, year, patient=patient)
        return await _read(attempt, fetched, place, files)
    except MissingFileError:
        return await _missing(attempt, place, files)
    except SourceDownError as error:
        return _failed(attempt, "down", f"{source.format}: {error}")
    except BrokenFileError as error:
        return _failed(attempt, "broken", f"{error.code}: {error}")


async def _missing(attempt: Attempt, place: Place, files: Files) -> Attempt:
    """No file: no sale that year if the publisher has the year, else it is not covered here."""
    try:
        has_year = await files.has_year(attempt.source, place, attempt.year)
    except SourceDownError as error:
        return _failed(attempt, "down", f"{attempt.source.format}: {error}")
    return msgspec.structs.replace(attempt, state="no_sale" if has_year else "not_covered")


async def _read(attempt: Attempt, fetched: Fetched, place: Place, files: Files) -> Attempt:
    attempt = msgspec.structs.replace(
        attempt, path=fetched.path, sha256=fetched.sha256, size_bytes=fetched.size_bytes
    )
    known = place.known.get(attempt.year)
    if known and known.file_sha256 == fetched.sha256:
        return msgspec.structs.replace(attempt, state="unchanged", lines=known.lines)
    try:
        reading = await asyncio.to_thread(
            read_sales,
            fetched.path,
            name=attempt.url,
            moved=place.moved,
            only=frozenset(place.communes),
        )
        _check_place(reading, attempt, place)
    except OSError as error:
        return _failed(attempt, "down", f"{attempt.url} cannot be read: {error}")
    except (SalesFileError, BrokenFileError) as error:
        if not attempt.source.is_national:  # the other departments' parts may be sound
            await files.distrust(attempt.url, error.code, str(error))
        return _failed(attempt, "broken", f"{error.code}: {error}")
    return msgspec.structs.replace(
        attempt,
        state="loaded",
        lines=sum(reading.lines_by_commune.values()),
        reading=None if is_department(place.insee_code) else reading,
    )


def _check_place(reading: Reading, attempt: Attempt, place: Place) -> None:
    """A commune's own file that speaks of others, or any of other years, has not been meant."""
    if attempt.source.is_by_commune and reading.lines and not reading.lines_by_commune:
        raise BrokenFileError("other_commune", f"{attempt.url} has no sale of {place.insee_code}.")
    sold_in = reading.sales["sold_on"].dt.year()
    if attempt.source.is_by_year and len(sold_in) and attempt.year not in sold_in:
        raise BrokenFileError("other_year", f"{attempt.url} has no sale of {attempt.year}.")


def _failed(attempt: Attempt, state: str, error: str) -> Attempt:
    log.warning("sales_file_failed", url=attempt.url, state=state, error=error)
    return msgspec.convert(
        {**msgspec.structs.asdict(attempt), "state": state, "error": error}, Attempt
    )


def _drop_hollow(asked: list[Attempt], served: dict[int, Attempt], today: date) -> None:
    """Take back the years that are too thin beside the others of the same publisher."""
    for source in {attempt.source for attempt in served.values()}:
        of_source = [one for one in asked if one.source == source and one.lines is not None]
        lines = {one.year: one.lines or 0 for one in of_source}
        editions = {one.edition for one in of_source}
        limit = first_incomplete_year(max(editions, default=""), today)
        for year, usual in hollow_years(lines, incomplete_from=limit).items():
            if year in served and served[year].source == source:
                position = asked.index(served.pop(year))
                asked[position] = _failed(
                    asked[position], "hollow", _hollow_sentence(asked[position], usual)
                )


def _hollow_sentence(attempt: Attempt, usual: float) -> str:
    return (
        f"hollow_year: {attempt.url} has {attempt.lines} lines for {attempt.year}; the median of"
        f" its other years is {usual:.0f}."
    )


def _error(verdicts: Mapping[int, Verdict]) -> str | None:
    """The first year's error in full; the others lie with their downloads."""
    failed = {year: one.error for year, one in verdicts.items() if one.error}
    if not failed:
        return None
    first, *others = failed
    also = f" (also {', '.join(map(str, others))})" if others else ""
    return f"{first}: {failed[first]}{also}"
