"""Works refreshes off: claims one, gathers its files under a lease, closes it."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NoReturn, TypeVar

import msgspec
import structlog

from services.scraper.domain import Rules, Source, is_department, years_needed
from services.scraper.handlers.gather import gather
from services.scraper.handlers.ports import (
    Claim,
    Files,
    Gathered,
    LeaseLostError,
    OnYear,
    OpenBooks,
)
from services.scraper.handlers.refresh import close_refresh

log = structlog.get_logger()

POLL_SECONDS: Final = 0.3
RENEW_SECONDS: Final = 5.0
AFTER_ERROR_SECONDS: Final = 2.0
MOST_CLAIMS: Final = 10
"""A file that fells each worker costs minutes; a bad minute of the machine must not cost an hour."""

NO_SOURCE: Final = (
    "no_source: SALES_SOURCES has no entry for whole departments; add one whose template has no"
    " {insee}, for example geo-dvf=https://files.data.gouv.fr/geo-dvf/latest/csv/{year}/departements/"
    "{department}.csv.gz."
)

T = TypeVar("T")


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """One of several that share the queue; each has at most one refresh at a time."""

    open_books: OpenBooks
    files: Files
    sources: Sequence[Source]
    rules: Rules
    imports: bool = True
    """Whether it takes departments too; one that does not keeps cities from waiting for them."""
    renew_seconds: float = RENEW_SECONDS

    async def run(self) -> NoReturn:
        """Work for ever. What fails here stays claimed until its lease is over."""
        while True:
            try:
                if not await self.work_one():
                    await asyncio.sleep(POLL_SECONDS)
            except LeaseLostError as error:
                log.warning("lease_lost", error=str(error))
            except Exception:
                log.exception("refresh_interrupted")
                await asyncio.sleep(AFTER_ERROR_SECONDS)

    async def work_one(self) -> bool:
        """Work off one refresh; false when none waits."""
        async with self.open_books() as books:
            claim = await books.refreshes.claim(imports=self.imports)
        if claim is None:
            return False
        if claim.fence > MOST_CLAIMS:
            error = f"gave_up: {MOST_CLAIMS} workers have failed on this refresh; see their log."
            await self._close(claim, Gathered(error=error))
        else:
            gathered = await self._under_lease(claim, self._gather(claim))
            await self._under_lease(claim, self._close(claim, gathered))
        return True

    async def _gather(self, claim: Claim) -> Gathered:
        sources = self._sources(claim)
        if not sources:
            return Gathered(error=NO_SOURCE)
        async with self.open_books() as books:
            place = await books.cities.place(claim.insee_code)
        gathered = await gather(
            place,
            self._years(claim),
            sources=sources,
            files=self.files,
            today=claim.today,
            on_file=self._progress(claim),
        )
        return _checked(claim, gathered)

    def _sources(self, claim: Claim) -> list[Source]:
        """Those that have a file for this place: a department's, of its own or of the country."""
        is_import = is_department(claim.insee_code)
        return [one for one in self.sources if not (is_import and one.is_by_commune)]

    def _years(self, claim: Claim) -> list[int]:
        first = claim.first_year or self.rules.window(claim.today).first.year
        return sorted({*years_needed(first, claim.today), *claim.years})

    def _progress(self, claim: Claim, *, gathered: int = 0) -> OnYear:
        """Tells how many files have been read; a department's years are then loaded one by one."""
        years = len(self._years(claim))
        total = 2 * years if is_department(claim.insee_code) else years

        async def tell(done: int) -> None:
            async with self.open_books() as books:
                await books.refreshes.progress(claim, min(gathered + done, total), total)

        return tell

    async def _under_lease(self, claim: Claim, work: Coroutine[Any, Any, T]) -> T:
        """The result, while the lease is renewed; when it is lost the work stops."""
        task = asyncio.create_task(work)
        try:
            while not (await asyncio.wait({task}, timeout=self.renew_seconds))[0]:
                async with self.open_books() as books:
                    if not await books.refreshes.renew(claim):
                        raise LeaseLostError(f"Refresh {claim.id} has another worker.")
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _close(self, claim: Claim, gathered: Gathered) -> None:
        on_year = self._progress(claim, gathered=len(gathered.years))
        async with self.open_books() as books:
            await close_refresh(claim, gathered, books=books, rules=self.rules, on_year=on_year)


def _checked(claim: Claim, gathered: Gathered) -> Gathered:
    """Nothing at all of a whole department is no quiet market, but a wrong address."""
    found = any(year.state == "read" for year in gathered.years.values())
    if found or gathered.error or not is_department(claim.insee_code):
        return gathered
    error = f"not_covered: no source has any year of the department {claim.insee_code}."
    return msgspec.structs.replace(gathered, error=error)
