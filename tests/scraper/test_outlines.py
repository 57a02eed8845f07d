import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator import Publisher, serving
from libs.egress import egress
from services.scraper.handlers.outlines import (
    Fetch,
    NoOutlineError,
    OutlineError,
    fetch_wanted,
    keep_outlines,
)
from services.scraper.places import outline_source
from services.scraper.places.outline import MOST_POINTS, MOST_RINGS, read_outline, simplified
from services.scraper.repository import PostgresOutlines, store_places
from tests.scraper.stage import Scraper, place, until

SQUARE = ((5.0, 46.0), (5.1, 46.0), (5.1, 46.1), (5.0, 46.1), (5.0, 46.0))


@pytest.fixture(scope="module")
def publisher() -> Generator[Publisher]:
    with serving() as running:
        yield running


@pytest.fixture
async def client(publisher: Publisher) -> AsyncGenerator[httpx.AsyncClient]:
    async with egress([f"127.0.0.1:{publisher.server_port}"]) as opened:
        yield opened


@pytest.fixture
async def outlines(scraper: Scraper) -> PostgresOutlines:
    return PostgresOutlines(await scraper.database.pool("scraper"))


def source(url: str, client: httpx.AsyncClient) -> Fetch:
    fetch = outline_source(url, client)
    assert fetch
    return fetch


def answer(contour: object) -> bytes:
    return msgspec.json.encode({"nom": "Bourg", "code": "01053", "contour": contour})


async def test_a_border_of_many_points_keeps_its_shape_in_few(publisher, client):
    rings = await source(f"{publisher.url}/geo/", client)("01053")

    points = [point for ring in rings for point in ring]
    assert len(points) <= MOST_POINTS
    assert all(ring[0] == ring[-1] for ring in rings)
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    assert 5.18 < west < 5.20
    assert 5.26 < east < 5.28


async def test_a_commune_with_an_island_has_two_rings(publisher, client):
    assert len(await source(f"{publisher.url}/geo", client)("75111")) == 2


@pytest.mark.parametrize(
    "path, words",
    [
        ("/faults/border/geo", "leaves the earth|can be read"),
        ("/faults/html/geo", "can be read"),
        ("/faults/500/geo", "500"),
        ("/nowhere", "knows no such commune"),
    ],
)
async def test_what_is_no_outline_is_named(publisher, client, path, words):
    with pytest.raises(OutlineError, match=words):
        await source(publisher.url + path, client)("01053")


async def test_a_commune_without_an_outline_is_told_from_a_broken_answer(publisher, client):
    with pytest.raises(NoOutlineError):
        await source(f"{publisher.url}/geo", client)("01025")


@pytest.mark.parametrize("url", ["file:///srv/communes.csv", "https://x.example/communes.csv"])
async def test_a_table_of_places_has_no_outlines(client, url):
    assert outline_source(url, client) is None


@pytest.mark.parametrize(
    "contour",
    [
        {"type": "Point", "coordinates": [5, 46]},
        {"type": "Polygon", "coordinates": [[[5, 46], [5, 46], [5, 46], [5, 46]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[5, 46, 100], [6, 46], [6, 47], [5, 46]]]},
        {"type": "Polygon", "coordinates": [[[5, 46], [1e999, 46], [6, 47], [5, 46]]]},
        {"type": "MultiPolygon", "coordinates": [[5, 46]]},
        "<script>",
    ],
)
def test_a_broken_outline_is_an_error_and_nothing_worse(contour):
    content = msgspec.json.encode({"contour": contour}).replace(b"null", b"1e999")
    with pytest.raises(OutlineError):
        read_outline(content)


def test_a_hole_is_a_ring_of_its_own():
    hole = [[5.02, 46.02], [5.04, 46.02], [5.04, 46.04], [5.02, 46.02]]
    rings = read_outline(answer({"type": "Polygon", "coordinates": [SQUARE, hole]}))

    assert rings == [SQUARE, tuple(map(tuple, hole))]


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-5, 9), st.floats(42, 51)), min_size=0, max_size=400),
        max_size=40,
    )
)
def test_whatever_comes_stays_within_its_bounds(rings):
    try:
        kept = simplified(rings)
    except OutlineError:
        assert all(len({*ring}) < 4 for ring in rings)
        return
    assert sum(len(ring) for ring in kept) <= MOST_POINTS
    assert 1 <= len(kept) <= MOST_RINGS
    assert all(len(ring) >= 4 for ring in kept)


async def test_a_refreshed_city_is_drawn_once_it_has_been_asked_for(
    scraper: Scraper, outlines: PostgresOutlines, publisher, client
):
    await store_places(scraper.connection, [place("01053", "Bourg-en-Bresse")], {})
    await scraper.refreshed("01053")
    fetch = source(f"{publisher.url}/geo", client)

    assert await fetch_wanted(outlines, fetch, pause_seconds=0)
    assert not await fetch_wanted(outlines, fetch, pause_seconds=0)

    row = await scraper.row("select * from commune_outline")
    assert (row["insee_code"], row["name"]) == ("01053", "Bourg-en-Bresse")
    assert len(row["rings"][0]) > 100
    await scraper.database.advance(timedelta(days=300))
    await scraper.refreshed("01053")
    assert not await outlines.claim(9)


@pytest.mark.usefixtures("places")
async def test_paris_is_wanted_with_its_arrondissement(scraper: Scraper, outlines):
    await scraper.refreshed("75111")

    assert sorted(await outlines.claim(9)) == ["75056", "75111"]
    assert not await outlines.claim(9)


async def test_a_publisher_in_trouble_delays_the_outline_and_not_the_refresh(
    scraper: Scraper, outlines, publisher, client
):
    [_, ready] = await scraper.refreshed("01053")
    assert ready.type == "trackimmo.properties.ready.v1"
    await fetch_wanted(outlines, source(f"{publisher.url}/faults/500/geo", client), pause_seconds=0)

    assert "500" in await scraper.value("select error from outline")
    assert not await outlines.claim(9)
    await scraper.database.advance(timedelta(hours=7))
    assert await outlines.claim(9) == ["01053"]


async def test_two_processes_share_the_work(scraper: Scraper, outlines: PostgresOutlines):
    await scraper.refreshed("01053", "01451", "64260")

    claims = await asyncio.gather(*(outlines.claim(1) for _ in range(3)))

    assert sorted(code for codes in claims for code in codes) == ["01053", "01451", "64260"]


async def test_the_loop_goes_on_after_what_nobody_expected(scraper: Scraper, outlines, monkeypatch):
    monkeypatch.setattr("services.scraper.handlers.outlines.POLL_SECONDS", 0.01)
    await scraper.refreshed("01053", "01451")
    asked: list[str] = []

    async def fetch(code: str) -> list[tuple[tuple[float, float], ...]]:
        asked.append(code)
        if len(asked) == 1:
            raise RuntimeError("a bug")
        return [SQUARE]

    task = asyncio.create_task(keep_outlines(outlines, fetch))
    while not asked:  # noqa: ASYNC110 - the loop tells nobody
        await asyncio.sleep(0.01)
    await scraper.database.advance(timedelta(hours=2))
    await until(lambda: scraper.value("select count(*) = 2 from outline where rings is not null"))
    task.cancel()

    assert len(asked) == 3
