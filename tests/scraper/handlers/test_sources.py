"""The public publishers as the simulator plays them: fallbacks, editions, what is sent again."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from deploy.simulator.server import Publisher, serving
from services.scraper.archive import Archive, Store
from services.scraper.domain import Source, parse_sources
from services.scraper.handlers.gather import gather
from services.scraper.handlers.ports import Gathered, KnownYear, Place
from services.scraper.settings import FORMATS, PUBLIC_SOURCES

TODAY = date(2026, 11, 21)
YEARS = range(2018, 2027)
MOVED = {"01312": "01426"}
BOURG = Place(insee_code="01053", communes=("01053",), moved={}, neighbours=("01004",), known={})


class Scene(msgspec.Struct, kw_only=True):
    """An archive that asks one simulated publisher, and what that has sent."""

    publisher: Publisher
    archive: Archive
    sources: Sequence[Source]
    sent: list[str]
    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def gathered(
        self, place: Place = BOURG, years: Sequence[int] = YEARS, **changes: Any
    ) -> Gathered:
        async def nobody(_: int) -> None:
            """Nobody watches."""

        asked: dict[str, Any] = {"sources": self.sources, "today": TODAY, **changes}
        return await gather(place, years, files=self.archive, on_file=nobody, **asked)

    def without(self, *names: str) -> Sequence[Source]:
        return [one for one in self.sources if not any(name in one.template for name in names)]


def public(root: str) -> Sequence[Source]:
    """The default sources, all found at one host."""
    entries = [
        entry.replace("https://files.data.gouv.fr", root).replace("https://data.cquest.org", root)
        for entry in PUBLIC_SOURCES
    ]
    return parse_sources(entries, formats=FORMATS)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as publisher:
        yield publisher


@pytest.fixture
async def scene(publisher: Publisher, tmp_path: Path) -> AsyncIterator[Scene]:
    sent: list[str] = []

    async def count(response: httpx.Response) -> None:
        if response.status_code == 200 and not response.url.path.endswith("/"):
            sent.append(response.url.path)

    async with httpx.AsyncClient(
        follow_redirects=True, max_redirects=3, event_hooks={"response": [count]}
    ) as client:
        archive = Archive(client=client, store=Store(tmp_path), now=lambda: scene.now)
        scene = Scene(
            publisher=publisher, archive=archive, sources=public(publisher.url), sent=sent
        )
        yield scene


def states(gathered: Gathered) -> dict[int, str]:
    return {year: verdict.state for year, verdict in gathered.years.items()}


def served(gathered: Gathered) -> dict[int, tuple[str, str]]:
    return {
        year: (one.attempt.source.format, one.attempt.edition)
        for year, one in gathered.years.items()
        if one.attempt
    }


def known(gathered: Gathered) -> dict[int, KnownYear]:
    return {
        year: KnownYear(file_sha256=one.attempt.sha256, lines=one.attempt.lines or 0)
        for year, one in gathered.years.items()
        if one.attempt
    }


def homes(gathered: Gathered, year: int) -> set[str]:
    attempt = gathered.years[year].attempt
    assert attempt
    assert attempt.reading
    return set(attempt.reading.sales["property_id"])


async def test_what_the_official_folder_has_no_more_comes_from_the_raw_archive(scene: Scene):
    gathered = await scene.gathered()

    assert gathered.error is None
    assert states(gathered) == {**dict.fromkeys(range(2018, 2026), "read"), 2026: "not_covered"}
    assert served(gathered) == {
        2018: ("raw-dvf", "202304"),
        2019: ("raw-dvf", "202404"),
        2020: ("raw-dvf", "202504"),
        **dict.fromkeys(range(2021, 2026), ("geo-dvf", "latest")),
    }


async def test_a_second_refresh_downloads_nothing(scene: Scene):
    first = await scene.gathered()
    assert len(scene.sent) == 8
    scene.sent.clear()
    scene.now += timedelta(days=91)

    again = await scene.gathered(msgspec.structs.replace(BOURG, known=known(first)))

    assert scene.sent == []
    assert served(again) == served(first)
    assert {one.attempt.state for one in again.years.values() if one.attempt} == {"unchanged"}


async def test_a_neighbour_downloads_what_is_its_own_only(scene: Scene):
    await scene.gathered()
    scene.sent.clear()

    await scene.gathered(
        Place(insee_code="01451", communes=("01451",), moved={}, neighbours=(), known={})
    )

    assert len(scene.sent) == 5
    assert all(path.endswith("/01451.csv") for path in scene.sent)


async def test_a_year_that_the_publisher_drops_is_served_from_the_archive(scene: Scene):
    first = await scene.gathered()
    scene.publisher.drop("2021", "valeursfoncieres-2018.txt")
    scene.now += timedelta(days=91)
    scene.archive.years.clear()

    again = await scene.gathered()

    assert states(again) == states(first)
    assert served(again) == served(first)
    for year in (2018, 2021):
        assert homes(again, year) == homes(first, year)


async def test_raw_and_geo_files_tell_the_same_homes(scene: Scene):
    place = Place(insee_code="01426", communes=("01426",), moved=MOVED, neighbours=(), known={})
    geo = await scene.gathered(place, [2021], sources=scene.without("dgfip"))
    raw = await scene.gathered(place, [2021], sources=scene.without("geo-dvf"))

    assert served(geo)[2021] != served(raw)[2021]
    assert homes(geo, 2021) == homes(raw, 2021) != set()


async def test_without_their_own_file_communes_are_read_from_their_departments(scene: Scene):
    own = await scene.gathered(years=[2023])
    scene.sources = scene.without("{insee}")
    shared = await scene.gathered(years=[2023])

    [one, other] = [gathered.years[2023].attempt for gathered in (own, shared)]
    assert one
    assert other
    assert one.lines == other.lines
    assert homes(own, 2023) == homes(shared, 2023)
    assert other.url.endswith("/departements/01.csv.gz")


async def test_no_line_in_a_shared_file_is_no_sale(scene: Scene):
    """01426 sold nothing in 2022."""
    place = Place(insee_code="01426", communes=("01426",), moved=MOVED, neighbours=(), known={})

    for sources in (scene.without("{insee}"), scene.without("geo-dvf")):
        gathered = await scene.gathered(place, [2021, 2022], sources=sources)
        assert states(gathered) == {2021: "read", 2022: "no_sale"}


async def test_a_department_that_no_source_has_is_not_covered(scene: Scene):
    place = Place(insee_code="57463", communes=("57463",), moved={}, neighbours=(), known={})

    scene.sources = scene.without("{insee}")
    gathered = await scene.gathered(place, [2020, 2023])

    assert gathered.error is None
    assert states(gathered) == {2020: "not_covered", 2023: "not_covered"}


async def test_a_hollow_year_of_a_shared_file_is_told_by_the_places_own_lines(scene: Scene):
    hollow = f"{scene.publisher.url}/faults/hollow/geo-dvf/{{year}}"
    for name in ("departements/{department}.csv.gz", "full.csv.gz"):
        gathered = await scene.gathered(
            years=range(2018, 2023), sources=[Source("geo-dvf", f"{hollow}/{name}")]
        )

        assert (gathered.error or "").startswith("2019: hollow_year: ")


async def test_a_department_is_gathered_from_shared_files_without_its_sales(scene: Scene):
    ain = Place(
        insee_code="01", communes=("01053", "01426", "01451"), moved=MOVED, neighbours=(), known={}
    )

    gathered = await scene.gathered(ain, [2019, 2023], sources=scene.without("{insee}"))

    for year in (2019, 2023):
        attempt = gathered.years[year].attempt
        assert attempt
        assert (attempt.state, attempt.reading) == ("loaded", None)
        assert attempt.path
        assert attempt.path.is_file()
        assert attempt.lines
        assert attempt.lines > 500
