"""Works refreshes off: claims one, gathers its files under a lease, closes it."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NoReturn

import msgspec
import structlog

from services.scraper.domain import Rules, Source, years_needed
from services.scraper.handlers.gather import gather
from services.scraper.handlers.ports import (
    Claim,
    Files,
    Gathered,
    LeaseLostError,
    OpenBooks,
)
from services.scraper.handlers.refresh import close_refresh

log = structlog.get_logger()

POLL_SECONDS: Final = 0.3
RENEW_SECONDS: Final = 20.0
AFTER_ERROR_SECONDS: Final = 2.0
MOST_CLAIMS: Final = 3


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """One of several that share the queue; each has at most one refresh at a time."""

    open_books: OpenBooks
    files: Files
    sources: Sequence[Source]
    rules: Rules
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
            claim = await books.refreshes.claim()
        if claim is None:
            return False
        if claim.fence > MOST_CLAIMS:
            error = f"gave_up: {MOST_CLAIMS} workers have failed on this refresh; see their log."
            await self._close(claim, Gathered(error=error))
            return True
        gathered = await self._under_lease(claim, self._gather(claim))
        await self._close(claim, gathered)
        return True

    async def _gather(self, claim: Claim) -> Gathered:
        years = years_needed(claim.first_year, claim.today)

        async def progress(done: int) -> None:
            async with self.open_books() as books:
                await books.refreshes.progress(claim, done, len(years))

        async with self.open_books() as books:
            place = await books.cities.place(claim.insee_code)
        return await gather(
            place,
            years,
            sources=self.sources,
            files=self.files,
            today=claim.today,
            on_file=progress,
        )

    async def _under_lease(
        self, claim: Claim, gathering: Coroutine[Any, Any, Gathered]
    ) -> Gathered:
        """The result, while the lease is renewed; when it is lost the work stops."""
        task = asyncio.create_task(gathering)
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
        async with self.open_books() as books:
            await close_refresh(claim, gathered, books=books, rules=self.rules)
