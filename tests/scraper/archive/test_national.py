"""Departments read from files of the whole country, through the archive."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest

from services.scraper.archive import Archive, Store
from services.scraper.archive.store import fingerprint
from services.scraper.domain import Source
from services.scraper.handlers.ports import BrokenFileError, Fetched, MissingFileError, Place
from services.scraper.sales import read_sales
from tests.scraper.archive.conftest import Clock
from tests.scraper.archive.shop import Shop
from tests.scraper.archive.test_split import GEO_HEADER as HEADER
from tests.scraper.archive.test_split import geo_line

PATH = "/latest/2019/full.csv.gz"


def content_of(*codes: str) -> bytes:
    return gzip.compress("\n".join([HEADER, *map(geo_line, codes), ""]).encode())


def national(root: str) -> Source:
    return Source("geo-dvf", root + "/{edition}/{year}/full.csv.gz")


def place(code: str) -> Place:
    return Place(insee_code=code, communes=(code,), moved={}, neighbours=(), known={})


async def part(archive: Archive, root: str, code: str) -> Fetched:
    fetched = await archive.fetch(national(root), place(code), 2019, patient=False)
    assert (fetched.sha256, fetched.size_bytes) == (
        fingerprint(fetched.path).sha256,
        fetched.path.stat().st_size,
    )
    return fetched


@pytest.fixture
def both(shop: Shop) -> Shop:
    shop.files[PATH] = content_of("01053", "01004", "64260")
    return shop


async def test_a_place_reads_its_departments_part(archive: Archive, both: Shop):
    fetched = await part(archive, both.url, "64260")

    reading = read_sales(fetched.path, name="x")
    assert reading.lines_by_commune == {"64260": 1}
    assert (await part(archive, both.url, "64")) == fetched


async def test_the_country_is_sent_once_and_split_once(archive: Archive, both: Shop, store: Store):
    first = await part(archive, both.url, "01053")
    written = first.path.stat().st_ino
    await asyncio.gather(*(part(archive, both.url, code) for code in ("01053", "01004", "64260")))

    assert both.given == [PATH]
    assert first.path.stat().st_ino == written
    assert list((store.folder / "unfinished").iterdir()) == []


async def test_a_country_without_the_department_has_no_file_of_it(archive: Archive, both: Shop):
    with pytest.raises(MissingFileError):
        await part(archive, both.url, "57463")


async def test_a_country_that_is_dropped_is_served_from_here(
    archive: Archive, both: Shop, clock: Clock
):
    before = await part(archive, both.url, "01053")
    both.files.clear()
    clock.advance(days=2)

    assert await part(archive, both.url, "01053") == before


async def test_an_edition_that_leaves_a_department_alone_leaves_its_fingerprint(
    archive: Archive, both: Shop, clock: Clock
):
    ain, pyrenees = [await part(archive, both.url, code) for code in ("01053", "64260")]
    both.files[PATH] = content_of("01053", "01004", "64260", "64445")
    clock.advance(days=2)

    assert (await part(archive, both.url, "01053")).sha256 == ain.sha256
    assert (await part(archive, both.url, "64260")).sha256 != pyrenees.sha256


@pytest.mark.parametrize("content", [b"", None], ids=["emptied", "gone"])
@pytest.mark.parametrize("lost", ["part", "list"])
async def test_what_a_crash_took_is_made_again(
    archive: Archive, both: Shop, store: Store, lost: str, content: bytes | None
):
    fetched = await part(archive, both.url, "01053")
    [listed] = (store.folder / "parts").iterdir()
    path = listed if lost == "list" else fetched.path
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    assert await part(archive, both.url, "01053") == fetched


async def test_several_processes_may_split_the_same_country(
    client: httpx.AsyncClient, both: Shop, store: Store
):
    processes = [Archive(client=client, store=store) for _ in range(4)]

    parts = await asyncio.gather(*(part(one, both.url, "01053") for one in processes))

    assert len(set(map(repr, parts))) == 1


async def test_a_page_instead_of_a_country_is_named_and_rests_for_an_hour(
    archive: Archive, both: Shop, clock: Clock
):
    both.files[PATH] = b"<html>"
    for _ in range(2):
        with pytest.raises(BrokenFileError) as refused:
            await part(archive, both.url, "01053")
        assert refused.value.code == "html"
    assert both.given == [PATH]

    both.files[PATH] = content_of("01053")
    clock.advance(minutes=61)
    assert await part(archive, both.url, "01053")


async def test_a_country_cut_short_leaves_no_part(archive: Archive, both: Shop, store: Store):
    both.files[PATH] = both.files[PATH][:-9]

    with pytest.raises(BrokenFileError, match="ends too early"):
        await part(archive, both.url, "01053")
    assert not (store.folder / "parts").exists()


async def test_a_country_on_this_disk_is_split_too(archive: Archive, tmp_path: Path):
    folder = tmp_path / "latest" / "2019"
    folder.mkdir(parents=True)
    (folder / "full.csv.gz").write_bytes(content_of("01053"))
    first = await part(archive, f"file://{tmp_path}", "01053")

    (folder / "full.csv.gz").write_bytes(content_of("01053", "01004"))
    second = await part(archive, f"file://{tmp_path}", "01053")

    assert read_sales(first.path, name="x").lines == 1
    assert read_sales(second.path, name="x").lines == 2
