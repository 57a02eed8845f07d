"""A job that waits for nothing any more is ready, or its sources have failed it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from libs.common.events import ClientProcess, PropertiesReady, StepFailed, StepProgressed
from services.scraper.domain import CityState, Rules, is_failing
from services.scraper.handlers.ports import Asked, Books, Wanted, YearProblem

log = structlog.get_logger()


async def settle(wanted: Sequence[Wanted], *, books: Books, rules: Rules) -> None:
    """Say for each job that its stock is as good as the sources allow.

    A job fails for its sources only if some city's refresh failed and less is in stock than it
    asks for; in every other case it delivers what there is.
    """
    if not wanted:
        return
    states = await books.cities.states(
        [pair for one in wanted for pair in one.asked], count_to=rules.min_on_offer
    )
    problems = await books.cities.problems([city for one in wanted for city in one.cities])
    failing = {one.event.job_id: _failing(one, states, rules) for one in wanted}
    short = await _short([one for one in wanted if failing[one.event.job_id]], books)
    for one in wanted:
        errors = failing[one.event.job_id]
        if one.event.refresh and one.event.job_id in short:
            books.emit(_failed(one, errors), one.received)
        else:
            books.emit(_ready(one, errors, problems), one.received)


def progressed(event: ClientProcess, done: int, total: int, note: str = "") -> StepProgressed:
    return StepProgressed(
        **event.run_fields(), step="scrape", state="running", done=done, total=total, note=note
    )


def _failing(one: Wanted, states: Mapping[Asked, CityState], rules: Rules) -> dict[str, str]:
    return {
        city: states[city, window].error or ""
        for city, window in one.asked
        if is_failing(states[city, window], first_year=window.first.year, rules=rules)
    }


async def _short(wanted: Sequence[Wanted], books: Books) -> set[UUID]:
    """Jobs for which less is in stock than they ask for."""
    stock = await books.stock.of_jobs(wanted)
    return {one.event.job_id for one in wanted if stock.get(one.event.job_id, 0) < one.event.count}


def _failed(one: Wanted, errors: Mapping[str, str]) -> StepFailed:
    reason = "; ".join(f"{city}: {error}" for city, error in errors.items())
    log.warning("job_lacks_sources", error=reason, **one.received.ids)
    return StepFailed(**one.event.run_fields(), step="scrape", permanent=False, reason=reason)


def _ready(
    one: Wanted, errors: Mapping[str, str], problems: Sequence[YearProblem]
) -> PropertiesReady:
    notes = tuple(_notes(one, errors, problems))
    # Spelled out: whoever chooses knows arrondissements, no Paris.
    fields: dict[str, Any] = msgspec.structs.asdict(one.event)
    fields.update(cities=one.cities, notes=notes)
    return PropertiesReady(**fields)


def _notes(one: Wanted, errors: Mapping[str, str], problems: Sequence[YearProblem]) -> list[str]:
    """For operators: what the stock lacks, and why."""
    lacking: dict[int, list[str]] = {}
    for problem in problems:
        if problem.year >= one.window.first.year and problem.insee_code in one.cities:
            lacking.setdefault(problem.year, []).append(problem.insee_code)
    return [
        *(f"{city}: {refusal}" for city, refusal in one.refusals.items()),
        *(f"{city}: {error}" for city, error in errors.items()),
        *(f"No source has {year} for {', '.join(lacking[year])}." for year in sorted(lacking)),
    ]
