"""Asks a publisher for a file and streams it to disk; gives up on who stalls or does not end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import httpx

from libs.egress import EgressRefusedError
from services.scraper.archive.bounds import Bounds
from services.scraper.archive.store import BLOCK_BYTES, Store, Version, Writer
from services.scraper.handlers.ports import BrokenFileError, MissingFileError, SourceDownError

SHORT_BYTES: Final = 64 * 1024

_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_BUSY: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


async def download(
    client: httpx.AsyncClient, url: str, held: Version | None, *, store: Store, bounds: Bounds
) -> Version:
    """What the publisher has now, kept in the store; `held` itself if that is what it still has."""
    async with _response(client, url, _conditions(held), bounds) as (response, deadline):
        if held and response.status_code == HTTPStatus.NOT_MODIFIED:
            return held
        await _check_status(url, response)
        with store.unfinished() as path, path.open("wb") as file:
            writer = Writer(file)
            await _stream(url, response, writer, deadline, bounds)
            sha256 = await asyncio.to_thread(writer.finish)
            store.keep(path, sha256)
        return Version(
            sha256=sha256,
            size_bytes=writer.size_bytes,
            etag=response.headers.get("ETag", ""),
            last_modified=response.headers.get("Last-Modified", ""),
        )


async def answers(client: httpx.AsyncClient, url: str, *, bounds: Bounds) -> bool:
    """Whether the publisher has anything at this URL."""
    try:
        async with _response(client, url, {}, bounds) as (response, _):
            await _check_status(url, response)
            await _drain(response)
            return True
    except (MissingFileError, BrokenFileError):
        return False


def _conditions(held: Version | None) -> dict[str, str]:
    if held is None:
        return {}
    said = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    return {name: value for name, value in said.items() if value}


async def _stream(
    url: str,
    response: httpx.Response,
    writer: Writer,
    deadline: asyncio.Timeout,
    bounds: Bounds,
) -> None:
    """Write the body; the deadline moves on with every stretch of it that has come in time."""
    received, due = 0, bounds.least_bytes
    waiting = bytearray()
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > bounds.file_bytes:
            raise BrokenFileError("too_large", f"{url} has more than {bounds.file_bytes:,} bytes.")
        if received >= due:
            due = received + bounds.least_bytes
            deadline.reschedule(asyncio.get_running_loop().time() + bounds.seconds)
        waiting += chunk
        if len(waiting) >= BLOCK_BYTES:
            await asyncio.to_thread(writer.write, waiting)
            waiting = bytearray()
    await asyncio.to_thread(writer.write, waiting)


@asynccontextmanager
async def _response(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], bounds: Bounds
) -> AsyncGenerator[tuple[httpx.Response, asyncio.Timeout]]:
    try:
        async with (
            asyncio.timeout(bounds.seconds) as deadline,
            client.stream("GET", url, headers=headers) as response,
        ):
            yield response, deadline
    except EgressRefusedError as error:
        raise BrokenFileError("refused", str(error)) from error
    except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise BrokenFileError("redirected", f"{url} leads nowhere: {error}") from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise SourceDownError(f"{url} does not answer ({type(error).__name__})") from error


async def _drain(response: httpx.Response) -> None:
    """Read a short body to its end, so that the connection serves again."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > SHORT_BYTES:
            return


async def _check_status(url: str, response: httpx.Response) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    await _drain(response)
    if status in _GONE:
        raise MissingFileError(url)
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SourceDownError(f"{url} answers {status}")
    raise BrokenFileError("refused", f"{url} answers {status}.")
