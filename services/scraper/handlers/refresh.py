"""What was gathered of a place enters the stock, and the jobs that waited for it go on."""

import structlog

from services.scraper import metrics
from services.scraper.domain import Rules
from services.scraper.handlers.ports import Books, Claim, Gathered, LeaseLostError, OnYear
from services.scraper.handlers.settle import progressed, settle
from services.scraper.handlers.wanted import what_they_want

log = structlog.get_logger()


async def _not_told(_years: int) -> None:
    """For a load of which nobody watches the progress."""


async def close_refresh(
    claim: Claim, gathered: Gathered, *, books: Books, rules: Rules, on_year: OnYear = _not_told
) -> None:
    """One transaction: stock, cities, refresh, the jobs that it releases. Or `LeaseLostError`.

    The refresh is held last: a department loads for a minute, and whoever wants to join it, renew
    its lease or see its progress would wait as long. Nothing of a lost claim is committed.
    """
    if not await books.refreshes.is_ours(claim):
        raise _lost(claim)
    await books.stock.reserve(claim.insee_code)
    place = await books.cities.place(claim.insee_code)
    lines = await books.stock.load(place, gathered, on_year)
    held = await books.refreshes.hold(claim)
    if held is None:
        raise _lost(claim)
    if held.goes_beyond(claim):
        await books.refreshes.requeue(claim)
        return
    await books.refreshes.record(claim, gathered.attempts)
    _count(gathered)
    await books.cities.settle(claim, place, gathered, lines)
    await books.refreshes.close(claim, gathered.error)
    await _release(claim, gathered, books, rules)
    if gathered.error:
        log.error("city_refresh_failed", insee_code=claim.insee_code, error=gathered.error)
    else:
        log.info("city_refreshed", insee_code=claim.insee_code, years=len(gathered.years))


def _count(gathered: Gathered) -> None:
    for attempt in gathered.attempts:
        metrics.count_download(attempt.source.format, attempt.state)
        if attempt.reading:
            metrics.count_rejected(attempt.reading.rejected)


def _lost(claim: Claim) -> LeaseLostError:
    return LeaseLostError(f"Refresh {claim.id} of {claim.insee_code} has another worker.")


async def _release(claim: Claim, gathered: Gathered, books: Books, rules: Rules) -> None:
    released = await books.jobs.release(claim.insee_code)
    note = f"{claim.insee_code}: {gathered.error}" if gathered.error else ""
    for one in released:
        done = one.total - one.remaining
        books.emit(progressed(one.received.event, done, one.total, note), one.received)
    ready = [one.received for one in released if not one.remaining]
    wanted = await what_they_want(ready, cities=books.cities, rules=rules)
    await settle(wanted, books=books, rules=rules)
