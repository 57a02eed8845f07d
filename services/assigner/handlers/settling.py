"""Works awaited positions off: asks in batches, keeps what is believed, tells the choice in time.

A choice is told ten seconds after it was made at the latest. Runs with time left are asked for, and
again while some is left; what nears its deadline is told as it is, whoever is asking for it. Whoever
deletes the row of a run tells it, in that transaction: once, whatever else runs or dies.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn

import msgspec
import structlog

from services.assigner import metrics
from services.assigner.domain.position import Home, Position, printed
from services.assigner.handlers.asking import Asked, ask
from services.assigner.handlers.ports import Books, Claimed, Geocoder, Known, OpenBooks

log = structlog.get_logger()

JOBS: Final = 20
HOMES: Final = 400
ASKERS: Final = 4
ASK_SECONDS: Final = 4.0
LEASE_SECONDS: Final = 5.0
LATE_SECONDS: Final = 1.0  # before the deadline
WORTH_SECONDS: Final = 2.0  # with less time left nobody is asked any more
WITHOUT_ANYBODY_TO_ASK: Final = 3600.0
POLL_SECONDS: Final = 0.5
BUSY_SECONDS: Final = 0.1  # a client is kept for the time of a choice, as a rule
WOKEN_SECONDS: Final = 0.1
COMMIT_SECONDS: Final = 0.005
AFTER_ERROR_SECONDS: Final = 1.0

Said = Mapping[str, tuple[Home, Position | None]]


class Batch(msgspec.Struct, frozen=True):
    """Runs that are worked off together, and their unsettled homes."""

    claimed: Sequence[Claimed]
    homes: Sequence[Known]

    @property
    def unknown(self) -> list[Home]:
        """The homes whose doors nobody has been asked about, each door once."""
        return list({k.home.home_key: k.home for k in self.homes if not k.asked}.values())

    @property
    def seconds(self) -> float:
        """How long anybody may be asked: the others' time is short too."""
        left = min(one.seconds_left for one in self.claimed) - LATE_SECONDS
        return min(left, ASK_SECONDS)

    def incomplete(self, said: Said) -> set[object]:
        """The jobs with homes of which nothing has been said."""
        return {k.home.job_id for k in self.homes if not k.asked and k.home.home_key not in said}


class Settler(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of one process; any number of processes share the work."""

    open_books: OpenBooks
    geocoder: Geocoder | None
    wake: asyncio.Event
    """Set when a choice begins to wait: its transaction is about to be committed."""

    async def run(self) -> None:
        """Work for ever. What fails here is told at its deadline at the latest."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_what_is_late())
            if self.geocoder:
                group.create_task(self._ask_for_what_waits(self.geocoder, group))

    async def ask_once(self) -> bool:
        """Ask for the runs that wait longest, and tell them; false when none waits."""
        batch = await self._claim()
        if batch and self.geocoder:
            await self._work(batch, self.geocoder)
        return bool(batch)

    async def tell_late_once(self) -> bool:
        """Tell what the deadline nears, or everything where nobody can be asked; false if nothing."""
        seconds = LATE_SECONDS if self.geocoder else WITHOUT_ANYBODY_TO_ASK
        async with self.open_books() as books:
            claimed = await books.positions.late(jobs=JOBS, seconds=seconds)
            batch = await _with_homes(books, claimed)
        if batch:
            async with self.open_books() as books:
                settled = await _settle(books, batch.claimed, batch.homes, {})
            metrics.count_doors(settled)
        return bool(batch)

    async def _tell_what_is_late(self) -> NoReturn:
        while True:
            try:
                if not await self.tell_late_once():
                    await asyncio.sleep(POLL_SECONDS)
            except Exception:
                log.exception("positions_interrupted")
                await asyncio.sleep(AFTER_ERROR_SECONDS)

    async def _ask_for_what_waits(self, geocoder: Geocoder, group: asyncio.TaskGroup) -> NoReturn:
        slots, clock, eager_until = (
            asyncio.Semaphore(ASKERS),
            asyncio.get_running_loop().time,
            0.0,
        )
        while True:
            await slots.acquire()
            batch = await self._claim_or_nothing()
            if batch:
                group.create_task(self._work_in(slots, batch, geocoder))
                continue
            slots.release()
            if clock() < eager_until:
                await asyncio.sleep(COMMIT_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()
                    self.wake.clear()
                    eager_until = clock() + WOKEN_SECONDS

    async def _claim_or_nothing(self) -> Batch | None:
        try:
            return await self._claim()
        except Exception:
            log.exception("positions_interrupted")
            await asyncio.sleep(AFTER_ERROR_SECONDS)
            return None

    async def _claim(self) -> Batch | None:
        async with self.open_books() as books:
            claimed = await books.positions.claim(
                jobs=JOBS, homes=HOMES, least_seconds=WORTH_SECONDS, lease_seconds=LEASE_SECONDS
            )
            return await _with_homes(books, claimed)

    async def _work_in(self, slots: asyncio.Semaphore, batch: Batch, geocoder: Geocoder) -> None:
        try:
            await self._work(batch, geocoder)
        except Exception:  # their lease ends, or their deadline comes
            log.exception("positions_interrupted")
        finally:
            slots.release()

    async def _work(self, batch: Batch, geocoder: Geocoder) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        asked = await ask(batch.unknown, geocoder=geocoder, seconds=batch.seconds)
        metrics.count_failures(len(asked.failures))
        for failure in asked.failures:
            log.warning("geocoder_failed", error=str(failure), again_in=failure.again_in)
        again = _worth_another_try(batch, asked, spent_seconds=clock() - began)
        async with self.open_books() as books:
            ready = [one for one in batch.claimed if one not in again]
            settled = await _settle(books, ready, batch.homes, asked.said)
            if asked.said:
                await books.positions.remember(list(asked.said.values()))
            if again:
                await books.positions.give_back(again, after_seconds=asked.again_in or 0.0)
        metrics.count_doors(settled)


async def _with_homes(books: Books, claimed: Sequence[Claimed]) -> Batch | None:
    if not claimed:
        return None
    return Batch(claimed, await books.positions.homes([one.job_id for one in claimed]))


def _worth_another_try(batch: Batch, asked: Asked, *, spent_seconds: float) -> list[Claimed]:
    """The runs that still lack answers and have the time to wait for them."""
    if asked.again_in is None:
        return []
    needed, incomplete = asked.again_in + WORTH_SECONDS, batch.incomplete(asked.said)
    return [
        one
        for one in batch.claimed
        if one.job_id in incomplete and one.seconds_left - spent_seconds > needed
    ]


async def _settle(
    books: Books, claimed: Sequence[Claimed], homes: Sequence[Known], said: Said
) -> list[Position | None]:
    """Keep what is known of the homes of these runs, and tell those that nobody has told.

    Returns where each home stands that was settled, or nothing for those that only a sale knows.
    """
    released = await books.positions.release(claimed) if claimed else ()
    jobs = {event.job_id for event, _ in released}
    if kept := [one for one in claimed if one.job_id not in jobs]:
        await books.positions.give_back(kept, after_seconds=BUSY_SECONDS)
    settled: list[tuple[Home, str, Position | None]] = []
    for known in homes:
        if known.home.job_id in jobs:
            _, found = said.get(known.home.home_key, (known.home, known.found))
            settled.append((known.home, printed(known.home, found), found))
    if settled:
        await books.positions.settle(settled)
    for event, cause in released:
        books.emit(event, cause)
    return [found for _, _, found in settled]
