"""The one door for whoever wants a file: from its publisher, or from what was kept of it."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

import httpx
import msgspec
import stamina
import structlog

from services.scraper.archive.bounds import Bounds
from services.scraper.archive.http import answers, download
from services.scraper.archive.local import fetch_local, has_year_on_disk, is_local
from services.scraper.archive.parts import part_of
from services.scraper.archive.store import Entry, Flaw, Store, Version, utc_now
from services.scraper.archive.unpack import check_text
from services.scraper.domain import Source, department_of
from services.scraper.handlers.ports import (
    BrokenFileError,
    Fetched,
    MissingFileError,
    Place,
    SourceDownError,
)

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
    bounds: Bounds = Bounds()
    now: Callable[[], datetime] = utc_now
    years: dict[tuple[Source, str, int], tuple[float, bool]] = msgspec.field(default_factory=dict)
    locks: WeakValueDictionary[str, asyncio.Lock] = msgspec.field(
        default_factory=WeakValueDictionary
    )

    async def fetch(self, source: Source, place: Place, year: int, *, patient: bool) -> Fetched:
        """The place's file; a publisher that is down is asked again for a while if `patient`."""
        url = source.url(place.insee_code, year)
        try:
            async with self.locks.setdefault(url, asyncio.Lock()):
                whole = await self._whole(source, url, patient=patient)
                if not source.is_national:
                    return whole
                return await self._part(whole, url, department_of(place.insee_code))
        except OSError as error:
            raise SourceDownError(f"{url} cannot be archived: {error}") from error

    async def has_year(self, source: Source, place: Place, year: int) -> bool:
        """Whether this publisher has that year at all, whatever it has of this commune."""
        key = (source, department_of(place.insee_code), year)
        until, known = self.years.get(key, (0.0, False))
        if time.monotonic() > until:
            known = await self._finds_year(source, place, year)
            self.years[key] = (time.monotonic() + YEARS_STAY_KNOWN_SECONDS, known)
        return known

    async def distrust(self, url: str, code: str, sentence: str) -> None:
        """Note that what the URL gave cannot be read: it is no fallback, and is asked for anew."""
        entry = self.store.entry(url)
        if entry and not entry.flaw:
            self.store.note(msgspec.structs.replace(entry, flaw=Flaw(code, sentence)))

    async def _whole(self, source: Source, url: str, *, patient: bool) -> Fetched:
        if is_local(url):
            return await asyncio.to_thread(fetch_local, self.store, source, url, self.bounds)
        entry = self.store.entry(url) or Entry(url=url, asked_at=NEVER)
        held = entry.newest if self.store.holds(entry.newest) else None
        if held and not entry.flaw and source.is_immutable:
            return self.store.fetched(held)
        if not source.is_by_commune and self._was_asked_lately(entry):
            if entry.is_gone:
                return self._lasting(entry)
            if entry.flaw:
                raise BrokenFileError(entry.flaw.code, entry.flaw.sentence)
            if held:
                return self.store.fetched(held)
        try:
            sound = None if entry.flaw else held
            version = await self._downloaded(url, sound, patient=patient)
        except MissingFileError:
            entry = msgspec.structs.replace(entry, asked_at=self.now(), is_gone=True)
            self.store.note(entry)
            return self._lasting(entry)
        self.store.note(entry.with_newest(version, self.now()))
        if version != sound:
            await self._check(source, url, version)
        return self.store.fetched(version)

    def _was_asked_lately(self, entry: Entry) -> bool:
        """Whether the last answer still counts: a shared file serves many places."""
        lately = BROKEN_ASKED_EVERY if entry.flaw else SHARED_ASKED_EVERY
        return timedelta(0) <= self.now() - entry.asked_at < lately

    async def _check(self, source: Source, url: str, version: Version) -> None:
        """Refuse what would fill the memory of whoever reads it."""
        if source.is_national:  # is split as it streams
            return
        path = self.store.path(version.sha256)
        try:
            await asyncio.to_thread(check_text, path, name=url, most_bytes=self.bounds.text_bytes)
        except BrokenFileError as error:
            await self.distrust(url, error.code, str(error))
            raise

    async def _part(self, whole: Fetched, url: str, department: str) -> Fetched:
        stop = threading.Event()
        try:
            return await asyncio.to_thread(
                part_of,
                whole,
                department,
                store=self.store,
                name=url,
                bounds=self.bounds,
                stop=stop,
            )
        except BrokenFileError as error:
            await self.distrust(url, error.code, str(error))
            raise
        finally:
            stop.set()

    def _lasting(self, entry: Entry) -> Fetched:
        """What was kept of a file that its publisher has dropped."""
        if entry.lasting is None or not self.store.holds(entry.lasting):
            raise MissingFileError(entry.url)
        log.info("served_from_archive", url=entry.url, sha256=entry.lasting.sha256)
        return self.store.fetched(entry.lasting)

    async def _downloaded(self, url: str, held: Version | None, *, patient: bool) -> Version:
        async for attempt in stamina.retry_context(
            on=SourceDownError,
            attempts=4 if patient else 1,
            timeout=IN_PLACE_SECONDS,
            wait_initial=0.3,
            wait_max=3.0,
        ):
            with attempt:
                return await download(self.client, url, held, store=self.store, bounds=self.bounds)
        raise SourceDownError(f"{url} was not asked")  # a retry without an attempt: never

    async def _finds_year(self, source: Source, place: Place, year: int) -> bool:
        if not source.is_by_commune:
            return False
        if is_local(source.template):
            return await asyncio.to_thread(has_year_on_disk, source, place, year)
        folders = source.year_folders(place.insee_code, year)
        neighbours = (source.url(code, year) for code in place.neighbours)
        for url in (*folders, *neighbours):
            if await answers(self.client, url, bounds=self.bounds):
                return True
        return False
