"""The one door for whoever wants a file: from its publisher, or from what was kept of it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

import httpx
import msgspec
import stamina
import structlog

from services.scraper.archive.http import Patience, answers, download
from services.scraper.archive.local import fetch_local, has_year_on_disk, is_local
from services.scraper.archive.store import Entry, Store, Version, utc_now
from services.scraper.domain import Source, department_of
from services.scraper.handlers.ports import Fetched, MissingFileError, Place, SourceDownError

log = structlog.get_logger()

IN_PLACE_SECONDS: Final = 10.0
YEARS_STAY_KNOWN_SECONDS: Final = 3600.0
NEVER: Final = datetime.min.replace(tzinfo=UTC)
SHARED_ASKED_EVERY: Final = timedelta(days=1)
BROKEN_ASKED_EVERY: Final = timedelta(hours=1)


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """Fetches files by `file://` or `http(s)://`. What came over the network is kept for ever.

    A file is asked for with the words by which its publisher recognises it, and not at all if it
    carries the name of its edition, or if many places share it and it was asked for today. What a
    publisher has dropped is served from here. Files of this disk are read where they lie.
    """

    client: httpx.AsyncClient
    store: Store
    patience: Patience = Patience()
    now: Callable[[], datetime] = utc_now
    years: dict[tuple[Source, str, int], tuple[float, bool]] = msgspec.field(default_factory=dict)
    locks: WeakValueDictionary[str, asyncio.Lock] = msgspec.field(
        default_factory=WeakValueDictionary
    )

    async def fetch(self, source: Source, place: Place, year: int, *, patient: bool) -> Fetched:
        """The place's file; a publisher that is down is asked again for a while if `patient`."""
        url = source.url(place.insee_code, year)
        async with self.locks.setdefault(url, asyncio.Lock()):
            if is_local(url):
                return await asyncio.to_thread(
                    fetch_local, self.store, source, url, most_bytes=self.patience.most_bytes
                )
            version = await self._version(source, url, patient=patient)
        return Fetched(
            path=self.store.path(version.sha256),
            sha256=version.sha256,
            size_bytes=version.size_bytes,
        )

    async def has_year(self, source: Source, place: Place, year: int) -> bool:
        """Whether this publisher has that year at all, whatever it has of this commune."""
        key = (source, department_of(place.insee_code), year)
        until, known = self.years.get(key, (0.0, False))
        if time.monotonic() > until:
            known = await self._finds_year(source, place, year)
            self.years[key] = (time.monotonic() + YEARS_STAY_KNOWN_SECONDS, known)
        return known

    async def distrust(self, url: str) -> None:
        """Note that what the URL gave cannot be read: it is asked for again, and never falls back on."""
        entry = self.store.entry(url)
        if entry and not entry.is_broken:
            self.store.note(msgspec.structs.replace(entry, is_broken=True))

    async def _version(self, source: Source, url: str, *, patient: bool) -> Version:
        entry = self.store.entry(url) or Entry(url=url, asked_at=NEVER)
        held = entry.newest if not entry.is_broken and self.store.holds(entry.newest) else None
        if held and source.is_immutable:
            return held
        if not source.is_by_commune and self._was_asked_lately(entry, held):
            return held or _lasting(entry)
        try:
            version = await self._downloaded(url, held, patient=patient)
        except MissingFileError:
            entry = msgspec.structs.replace(entry, asked_at=self.now(), is_gone=True)
            self.store.note(entry)
            return _lasting(entry)
        self.store.note(entry.with_newest(version, self.now()))
        return version

    def _was_asked_lately(self, entry: Entry, held: Version | None) -> bool:
        """Whether the last answer still counts: a shared file serves many places."""
        lately = SHARED_ASKED_EVERY if held or entry.is_gone else BROKEN_ASKED_EVERY
        return timedelta(0) <= self.now() - entry.asked_at < lately

    async def _downloaded(self, url: str, held: Version | None, *, patient: bool) -> Version:
        async for attempt in stamina.retry_context(
            on=SourceDownError,
            attempts=4 if patient else 1,
            timeout=IN_PLACE_SECONDS,
            wait_initial=0.3,
            wait_max=3.0,
        ):
            with attempt:
                return await download(
                    self.client, url, held, store=self.store, patience=self.patience
                )
        raise SourceDownError(f"{url} was not asked")  # a retry without an attempt: never

    async def _finds_year(self, source: Source, place: Place, year: int) -> bool:
        if not source.is_by_commune:
            return False
        if is_local(source.template):
            return await asyncio.to_thread(has_year_on_disk, source, place, year)
        folders = source.year_folders(place.insee_code, year)
        neighbours = (source.url(code, year) for code in place.neighbours)
        for url in (*folders, *neighbours):
            if await answers(self.client, url, patience=self.patience):
                return True
        return False


def _lasting(entry: Entry) -> Version:
    if entry.lasting is None:
        raise MissingFileError(entry.url)
    return entry.lasting
