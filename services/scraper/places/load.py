"""Fetches the places from where `PLACES_URL` points."""

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx

from libs.common.errors import TransientError
from libs.egress import read_whole
from services.scraper.places.geo_api import QUERY, read_answer
from services.scraper.places.place import Listed, Place, places_of
from services.scraper.places.table import read_table

_TABLE_SUFFIX: Final = ".csv"
_MOST_BYTES: Final = 128 * 1024 * 1024
"""All communes with every field that we ask for take a tenth."""
_MOST_SECONDS: Final = 120


class PlacesError(TransientError):
    """The list of places is not to be had, or is not one; its publisher may mend it."""


async def load_places(url: str, client: httpx.AsyncClient) -> list[Place]:
    """The places of a table (`file://` or `http(s)://`, ending in `.csv`) or of an API Géo."""
    is_table = urlsplit(url).path.endswith(_TABLE_SUFFIX)
    try:
        content = await _fetch(url, client, is_table=is_table)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise PlacesError(f"Places are not to be had from {url}: {reason}") from error
    return await asyncio.to_thread(_places, url, content, is_table=is_table)


async def _fetch(url: str, client: httpx.AsyncClient, *, is_table: bool) -> bytes:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return await asyncio.to_thread(Path(unquote(parts.path)).read_bytes)
    asked, params = (url, None) if is_table else (f"{url.rstrip('/')}/communes", QUERY)
    return await read_whole(
        client, asked, params=params, most_bytes=_MOST_BYTES, seconds=_MOST_SECONDS
    )


def _places(url: str, content: bytes, *, is_table: bool) -> list[Place]:
    try:
        listed: list[Listed] = (read_table if is_table else read_answer)(content)
    except ValueError as error:  # undecodable text, a missing column, another kind of document
        raise PlacesError(f"What {url} answers is no list of communes: {error}") from error
    places = places_of(listed)
    if not places:
        raise PlacesError(f"What {url} answers names no commune of today")
    return places
