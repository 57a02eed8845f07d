"""A job asks for its stock: cities that are fresh enough answer at once, others are refreshed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from libs.common.envelope import Received
from libs.common.events import ClientProcess, StepFailed
from services.scraper.domain import CityState, Rules, needs_refresh
from services.scraper.handlers.ports import Asked, Books, Wanted
from services.scraper.handlers.settle import progressed, settle
from services.scraper.handlers.wanted import what_they_want

log = structlog.get_logger()


async def process_clients(
    received: Sequence[Received[ClientProcess]], *, books: Books, rules: Rules
) -> None:
    """Bring every job to its stock: ready, waiting for refreshes, or failed for good."""
    possible: list[Wanted] = []
    newest = await _newest(received, books)
    for one in await what_they_want(newest, cities=books.cities, rules=rules):
        reason = _impossible(one)
        if reason:
            fields = one.event.run_fields()
            failed = StepFailed(**fields, step="scrape", permanent=True, reason=reason)
            books.emit(failed, one.received)
        else:
            possible.append(one)
    await _wait_or_settle(possible, books, rules)


async def _newest(
    received: Sequence[Received[ClientProcess]], books: Books
) -> list[Received[ClientProcess]]:
    """The newest run of each job; an older one never displaces a newer one that waits."""
    newest: dict[UUID, Received[ClientProcess]] = {}
    waiting = await books.jobs.newest_runs([one.event.job_id for one in received])
    for one in received:
        job_id, run = one.event.job_id, one.event.run
        seen = newest.get(job_id)
        if run < max(waiting.get(job_id, 0), seen.event.run if seen else 0):
            log.info("older_run_ignored", run=run, **one.ids)
        else:
            newest[job_id] = one
    return list(newest.values())


def _impossible(one: Wanted) -> str:
    """Why this job can never have stock, or nothing."""
    if not one.event.cities:
        return "No city is chosen."
    if not one.event.kinds:
        return "No kind of property is chosen."
    if not one.cities:
        return " ".join(f"{city}: {refusal}" for city, refusal in one.refusals.items())
    return ""


async def _wait_or_settle(wanted: Sequence[Wanted], books: Books, rules: Rules) -> None:
    """Open the refreshes that are needed before anything waits for them.

    An open refresh stays locked until we commit, so that no worker closes it in between without
    seeing who waits.
    """
    states = await books.cities.states(
        [pair for one in wanted if one.event.refresh for pair in one.asked],
        count_to=rules.min_on_offer,
    )
    stale = {one.event.job_id: _stale(one, states, rules) for one in wanted}
    await books.refreshes.open(_first_years(wanted, stale))
    await books.jobs.wait([(one, stale[one.event.job_id]) for one in wanted])
    for one in wanted:
        waiting, total = len(stale[one.event.job_id]), len(one.cities)
        if waiting:
            books.emit(progressed(one.event, total - waiting, total), one.received)
    ready = [one for one in wanted if not stale[one.event.job_id]]
    await settle(ready, books=books, rules=rules)


def _stale(one: Wanted, states: Mapping[Asked, CityState], rules: Rules) -> list[str]:
    if not one.event.refresh:
        return []
    return [
        city
        for city, window in one.asked
        if needs_refresh(states[city, window], first_year=window.first.year, rules=rules)
    ]


def _first_years(wanted: Sequence[Wanted], stale: Mapping[UUID, Sequence[str]]) -> dict[str, int]:
    """The earliest year that some job wants of each stale city."""
    first_years: dict[str, int] = {}
    for one in wanted:
        first = one.window.first.year
        for city in stale[one.event.job_id]:
            first_years[city] = min(first, first_years.get(city, first))
    return first_years
