"""What was gathered of a city enters the stock, and the jobs that waited for it go on."""

import structlog

from services.scraper import metrics
from services.scraper.domain import Rules
from services.scraper.handlers.ports import Books, Claim, Gathered, LeaseLostError
from services.scraper.handlers.settle import progressed, settle
from services.scraper.handlers.wanted import what_they_want

log = structlog.get_logger()


async def close_refresh(claim: Claim, gathered: Gathered, *, books: Books, rules: Rules) -> None:
    """One transaction: stock, city, refresh, the jobs that it releases. Or `LeaseLostError`."""
    first_year = await books.refreshes.hold(claim)
    if first_year is None:
        raise LeaseLostError(f"Refresh {claim.id} of {claim.insee_code} has another worker.")
    if first_year < claim.first_year:  # a job that joined meanwhile looks further back
        await books.refreshes.requeue(claim)
        return
    await books.refreshes.record(claim, gathered.attempts)
    _count(gathered)
    await books.stock.load(claim, gathered)
    await books.cities.settle(claim, gathered)
    await books.refreshes.close(claim, gathered.error)
    await _release(claim, gathered, books, rules)
    if gathered.error:
        log.error("city_refresh_failed", insee_code=claim.insee_code, error=gathered.error)
    else:
        log.info("city_refreshed", insee_code=claim.insee_code, years=len(gathered.years))


def _count(gathered: Gathered) -> None:
    for attempt in gathered.attempts:
        rejected = attempt.reading.rejected if attempt.reading else {}
        metrics.count_download(attempt.source.format, attempt.state, rejected)


async def _release(claim: Claim, gathered: Gathered, books: Books, rules: Rules) -> None:
    released = await books.jobs.release(claim.insee_code)
    note = f"{claim.insee_code}: {gathered.error}" if gathered.error else ""
    for one in released:
        done = one.total - one.remaining
        books.emit(progressed(one.received.event, done, one.total, note), one.received)
    ready = [one.received for one in released if not one.remaining]
    wanted = await what_they_want(ready, cities=books.cities, rules=rules)
    await settle(wanted, books=books, rules=rules)
