"""The outline of a commune, from the API Géo's `contour`: a GeoJSON polygon, or several."""

import asyncio
import heapq
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from libs.egress import read_whole
from services.scraper.handlers.outlines import Fetch, NoOutlineError, OutlineError, Ring

MOST_POINTS: Final = 300
MOST_RINGS: Final = 20
_LEAST_POINTS: Final = 3  # of a ring, its end not counted
_DECIMALS: Final = 5  # of a degree: a metre
_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_SECONDS: Final = 20
_MOST_LONGITUDE: Final = 180
_MOST_LATITUDE: Final = 90

Point = tuple[float, float]
_Read = tuple[tuple[float, float], ...]


class _Polygon(msgspec.Struct, frozen=True, tag_field="type", tag="Polygon"):
    coordinates: tuple[_Read, ...]

    @property
    def rings(self) -> Sequence[_Read]:
        return self.coordinates


class _MultiPolygon(msgspec.Struct, frozen=True, tag_field="type", tag="MultiPolygon"):
    coordinates: tuple[tuple[_Read, ...], ...]

    @property
    def rings(self) -> Sequence[_Read]:
        return [ring for polygon in self.coordinates for ring in polygon]


class _Answer(msgspec.Struct, frozen=True):
    contour: _Polygon | _MultiPolygon | None = None


def outline_source(places_url: str, client: httpx.AsyncClient) -> Fetch | None:
    """Asks the API Géo that the places come from; nothing where they come from a table."""
    parts = urlsplit(places_url)
    if parts.scheme == "file" or parts.path.endswith(".csv"):
        return None

    async def fetch(insee_code: str) -> Sequence[Ring]:
        url = f"{places_url.rstrip('/')}/communes/{insee_code}"
        content = await _asked(client, url)
        return await asyncio.to_thread(read_outline, content)

    return fetch


def read_outline(content: bytes) -> list[Ring]:
    """The rings of an answer, simplified; `OutlineError` says what is wrong with it."""
    try:
        contour = msgspec.json.decode(content, type=_Answer).contour
    except ValueError as error:  # undecodable text, another kind of document
        raise OutlineError(f"The answer has no outline that can be read: {error}") from error
    if contour is None:
        raise NoOutlineError("The publisher has no outline of this commune.")
    return simplified([_checked(ring) for ring in contour.rings])


def simplified(rings: Sequence[Sequence[Point]]) -> list[Ring]:
    """The largest rings with the points that show most, closed.

    Visvalingam's way: again and again the point goes whose triangle with its neighbours is smallest,
    of all rings together, so that islands keep their share.
    """
    opened = [ring[:-1] if ring[0] == ring[-1] else ring for ring in rings if ring]
    drawn = [ring for ring in opened if len(set(ring)) >= _LEAST_POINTS]
    if not drawn:
        raise OutlineError("The outline has no ring of three points.")
    largest = sorted(drawn, key=_area, reverse=True)[:MOST_RINGS]
    kept = _kept(largest, MOST_POINTS - len(largest))
    return [
        (*points, points[0])
        for ring, alive in zip(largest, kept, strict=True)
        if (points := tuple(_rounded(ring[at]) for at in sorted(alive)))
    ]


async def _asked(client: httpx.AsyncClient, url: str) -> bytes:
    try:
        return await read_whole(
            client,
            url,
            params={"fields": "contour"},
            most_bytes=_MOST_BYTES,
            seconds=_MOST_SECONDS,
        )
    except httpx.HTTPStatusError as error:
        if error.response.status_code == HTTPStatus.NOT_FOUND:
            raise NoOutlineError("The publisher knows no such commune.") from error
        raise OutlineError(str(error)) from error
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutlineError(str(error) or type(error).__name__) from error


def _checked(ring: _Read) -> _Read:
    for longitude, latitude in ring:
        if not (abs(longitude) <= _MOST_LONGITUDE and abs(latitude) <= _MOST_LATITUDE):
            raise OutlineError(f"The outline leaves the earth: {longitude}, {latitude}.")
    return ring


def _area(ring: Sequence[Point]) -> float:
    pairs = zip(ring, (*ring[1:], ring[0]), strict=True)
    return abs(math.fsum(x * v - u * y for (x, y), (u, v) in pairs))


def _kept(rings: Sequence[Sequence[Point]], most: int) -> list[set[int]]:
    """Positions of the points that stay."""
    alive = [set(range(len(ring))) for ring in rings]
    before = [[(at - 1) % len(ring) for at in range(len(ring))] for ring in rings]
    after = [[(at + 1) % len(ring) for at in range(len(ring))] for ring in rings]

    def shown(which: int, at: int) -> float:
        ring = rings[which]
        return _area((ring[before[which][at]], ring[at], ring[after[which][at]]))

    weight = [[shown(which, at) for at in range(len(ring))] for which, ring in enumerate(rings)]
    heap = [
        (size, which, at) for which, sizes in enumerate(weight) for at, size in enumerate(sizes)
    ]
    heapq.heapify(heap)
    left = len(heap)
    while left > most and heap:
        size, which, at = heapq.heappop(heap)
        if (
            at not in alive[which]
            or size != weight[which][at]
            or len(alive[which]) <= _LEAST_POINTS
        ):
            continue  # gone, or weighed anew since, or one of the last three
        alive[which].remove(at)
        left -= 1
        previous, following = before[which][at], after[which][at]
        after[which][previous], before[which][following] = following, previous
        for neighbour in (previous, following):
            weight[which][neighbour] = max(size, shown(which, neighbour))
            heapq.heappush(heap, (weight[which][neighbour], which, neighbour))
    return alive


def _rounded(point: Point) -> Point:
    return round(point[0], _DECIMALS), round(point[1], _DECIMALS)
