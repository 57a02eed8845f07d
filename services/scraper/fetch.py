"""Sales files from the publishers, archived as they came. The one door to the outside."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import stamina

from services.scraper.domain import Source, department_of
from services.scraper.handlers.ports import (
    BrokenFileError,
    Fetched,
    MissingFileError,
    Place,
    SourceDownError,
)

USER_AGENT: Final = "TrackImmo (reads open sales files; one request at a time)"
MOST_BYTES: Final = 256 * 1024 * 1024
SHORT_BYTES: Final = 64 * 1024
MOST_REDIRECTS: Final = 3
FILE_SECONDS: Final = 120
IN_PLACE_SECONDS: Final = 10.0
YEARS_STAY_KNOWN_SECONDS: Final = 3600.0

_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_BUSY: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


@asynccontextmanager
async def egress() -> AsyncGenerator[httpx.AsyncClient]:
    """The client for whatever leaves the house: bounded in time and redirects."""
    async with httpx.AsyncClient(
        headers={"User-Agent": USER_AGENT},
        timeout=httpx.Timeout(30, connect=5),
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
    ) as client:
        yield client


class Fetcher(msgspec.Struct, frozen=True, kw_only=True):
    """Fetches files by `file://` or `http(s)://` and keeps each in the archive, broken or not."""

    client: httpx.AsyncClient
    archive: Path
    most_bytes: int = MOST_BYTES
    years: dict[tuple[Source, str, int], tuple[float, bool]] = msgspec.field(default_factory=dict)

    async def fetch(self, url: str, *, patient: bool) -> Fetched:
        """The file; a publisher that is down is asked again for a while if `patient`."""
        content = await self._insisting(url) if patient else await self._content(url)
        sha256 = await asyncio.to_thread(_archived, self.archive, content)
        return Fetched(content=content, sha256=sha256)

    async def has_year(self, source: Source, place: Place, year: int) -> bool:
        """Whether this publisher has that year at all, whatever it has of this commune."""
        key = (source, department_of(place.insee_code), year)
        until, known = self.years.get(key, (0.0, False))
        if time.monotonic() > until:
            known = await self._finds_year(source, place, year)
            self.years[key] = (time.monotonic() + YEARS_STAY_KNOWN_SECONDS, known)
        return known

    async def _finds_year(self, source: Source, place: Place, year: int) -> bool:
        if not source.is_by_commune:
            return False
        folders = source.year_folders(place.insee_code, year)
        if source.template.startswith("file:"):
            pattern = source.pattern(place.insee_code, year)
            return await asyncio.to_thread(_has_year_on_disk, folders, pattern)
        neighbours = (source.url(code, year) for code in place.neighbours)
        for url in (*folders, *neighbours):
            if await self._answers(url):
                return True
        return False

    async def _insisting(self, url: str) -> bytes:
        async for attempt in stamina.retry_context(
            on=SourceDownError, attempts=4, timeout=IN_PLACE_SECONDS, wait_initial=0.3, wait_max=3.0
        ):
            with attempt:
                return await self._content(url)
        raise SourceDownError(f"{url} was not asked")  # a retry without an attempt: never

    async def _content(self, url: str) -> bytes:
        if url.startswith("file:"):
            return await asyncio.to_thread(_read_file, url, self.most_bytes)
        async with self._response(url) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > self.most_bytes:
                    raise _too_large(url, self.most_bytes)
        return bytes(content)

    async def _answers(self, url: str) -> bool:
        try:
            async with self._response(url) as response:
                await _drain(response)
                return True
        except (MissingFileError, BrokenFileError):
            return False

    @asynccontextmanager
    async def _response(self, url: str) -> AsyncGenerator[httpx.Response]:
        try:
            async with (
                asyncio.timeout(FILE_SECONDS),
                self.client.stream("GET", url) as response,
            ):
                if response.status_code != HTTPStatus.OK:
                    await _drain(response)
                _check_status(url, response.status_code)
                yield response
        except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise BrokenFileError("redirected", f"{url} leads nowhere: {error}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise SourceDownError(f"{url} does not answer ({type(error).__name__})") from error


async def _drain(response: httpx.Response) -> None:
    """Read a short body to its end, so that the connection serves again."""
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > SHORT_BYTES:
            return


def _check_status(url: str, status: int) -> None:
    if status == HTTPStatus.OK:
        return
    if status in _GONE:
        raise MissingFileError(url)
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SourceDownError(f"{url} answers {status}")
    raise BrokenFileError("refused", f"{url} answers {status}.")


def _read_file(url: str, most_bytes: int) -> bytes:
    path = path_of(url)
    try:
        if path.stat().st_size > most_bytes:
            raise _too_large(url, most_bytes)
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(url) from error
    except OSError as error:
        raise SourceDownError(f"{url} cannot be read ({type(error).__name__})") from error


def _has_year_on_disk(folders: list[str], pattern: str) -> bool:
    if any(path_of(folder).is_dir() for folder in folders):
        return True
    path = path_of(pattern)
    return any(path.parents[-1].glob(str(path.relative_to(path.anchor))))


def path_of(url: str) -> Path:
    """Where the file of a `file://` URL lies."""
    return Path(unquote(urlsplit(url).path))


def _too_large(url: str, most_bytes: int) -> BrokenFileError:
    return BrokenFileError("too_large", f"{url} has more than {most_bytes:,} bytes.")


def _archived(archive: Path, content: bytes) -> str:
    """The fingerprint under which the content lies in the archive."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = archive / sha256[:2] / sha256
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: an interrupted write leaves nothing that looks like the file.
        unfinished = target.with_name(f"{sha256}.{time.monotonic_ns()}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(target)
        finally:  # what a full disk left of it makes no room
            unfinished.unlink(missing_ok=True)
    return sha256
