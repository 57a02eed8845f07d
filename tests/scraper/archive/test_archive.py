"""What is asked for again, what is not, and what serves when the publisher has nothing."""

import asyncio
import hashlib
from pathlib import Path

import httpx
import msgspec
import pytest

from services.scraper.archive import Archive, Store
from services.scraper.archive.bounds import Bounds
from services.scraper.domain import Source
from services.scraper.handlers.ports import (
    BrokenFileError,
    MissingFileError,
    Place,
    SourceDownError,
)
from tests.scraper.archive.conftest import Clock
from tests.scraper.archive.shop import Shop

PLACE = Place(insee_code="01053", communes=("01053",), moved={}, neighbours=("01004",), known={})
COMMUNE = "/dvf/2019/communes/01/01053.csv"
DEPARTMENT = "/dvf/2019/01.csv"
EDITION = "/202404/2019.csv"


def by_commune(shop: Shop) -> Source:
    return Source("geo-dvf", shop.url + "/dvf/{year}/communes/{department}/{insee}.csv")


def by_department(shop: Shop) -> Source:
    return Source("geo-dvf", shop.url + "/dvf/{year}/{department}.csv")


def by_edition(shop: Shop) -> Source:
    return Source("raw-dvf", shop.url + "/{edition}/{year}.csv?{department}")


async def read(archive: Archive, source: Source) -> bytes:
    fetched = await archive.fetch(source, PLACE, 2019, patient=False)
    content = fetched.path.read_bytes()
    assert fetched.sha256 == hashlib.sha256(content).hexdigest()
    assert fetched.size_bytes == len(content)
    return content


async def test_a_file_is_kept_under_its_fingerprint(archive: Archive, shop: Shop, store: Store):
    shop.files[COMMUNE] = b"x"

    assert await read(archive, by_commune(shop)) == b"x"
    sha256 = hashlib.sha256(b"x").hexdigest()
    assert (store.folder / sha256[:2] / sha256).read_bytes() == b"x"


async def test_a_file_that_has_not_changed_is_asked_for_and_not_sent(archive: Archive, shop: Shop):
    shop.files[COMMUNE] = b"x"
    await read(archive, by_commune(shop))
    shop.forget()

    assert await read(archive, by_commune(shop)) == b"x"
    assert (shop.asked, shop.given) == ([COMMUNE], [])


async def test_a_publisher_without_etags_is_asked_by_the_date(archive: Archive, shop: Shop):
    conditions: list[str | None] = []
    published = "Tue, 13 Oct 2026 08:00:00 GMT"

    def dated(counter):
        conditions.append(counter.headers.get("If-Modified-Since"))
        if conditions[-1] == published:
            counter.say(304, b"")
        else:
            counter.say(200, b"x", **{"Last-Modified": published})

    shop.answers[COMMUNE] = dated

    assert [await read(archive, by_commune(shop)) for _ in range(2)] == [b"x", b"x"]
    assert conditions == [None, published]


async def test_a_changed_file_replaces_the_old_one_which_stays(
    archive: Archive, shop: Shop, store: Store
):
    shop.files[COMMUNE] = b"old"
    await read(archive, by_commune(shop))
    shop.files[COMMUNE] = b"new"

    assert await read(archive, by_commune(shop)) == b"new"
    assert store.path(hashlib.sha256(b"old").hexdigest()).read_bytes() == b"old"


@pytest.mark.parametrize("status", [404, 410])
async def test_what_the_publisher_has_dropped_is_served_from_here(
    archive: Archive, shop: Shop, clock: Clock, status: int
):
    for path, source in ((COMMUNE, by_commune(shop)), (DEPARTMENT, by_department(shop))):
        shop.files[path] = b"x"
        await read(archive, source)
    shop.answers |= {path: lambda to: to.say(status, b"gone") for path in (COMMUNE, DEPARTMENT)}
    clock.advance(days=2)

    for _ in range(2):
        assert await read(archive, by_commune(shop)) == b"x"
        assert await read(archive, by_department(shop)) == b"x"


async def test_the_archive_outlives_the_process(archive: Archive, shop: Shop):
    shop.files[COMMUNE] = b"x"
    await read(archive, by_commune(shop))
    shop.files.clear()
    other = Archive(client=archive.client, store=archive.store)

    assert await read(other, by_commune(shop)) == b"x"


async def test_a_file_that_never_was_is_missing(archive: Archive, shop: Shop):
    for source in (by_commune(shop), by_department(shop), by_edition(shop)):
        with pytest.raises(MissingFileError):
            await read(archive, source)


async def test_a_shared_file_is_asked_for_once_a_day(archive: Archive, shop: Shop, clock: Clock):
    shop.files[DEPARTMENT] = b"x"
    for _ in range(3):
        await read(archive, by_department(shop))
    assert shop.asked == [DEPARTMENT]

    clock.advance(hours=25)
    await read(archive, by_department(shop))
    assert (shop.asked, shop.given) == ([DEPARTMENT] * 2, [DEPARTMENT])


async def test_a_shared_file_that_is_missing_is_asked_for_once_a_day(
    archive: Archive, shop: Shop, clock: Clock
):
    for _ in range(3):
        with pytest.raises(MissingFileError):
            await read(archive, by_department(shop))
    assert shop.asked == [DEPARTMENT]

    shop.files[DEPARTMENT] = b"x"
    clock.advance(hours=25)
    assert await read(archive, by_department(shop)) == b"x"


async def test_a_file_of_an_edition_is_never_asked_for_again(
    archive: Archive, shop: Shop, clock: Clock
):
    shop.files[f"{EDITION}?01"] = b"x"
    await read(archive, by_edition(shop))
    clock.advance(days=1000)

    await read(archive, by_edition(shop))

    assert shop.asked == [f"{EDITION}?01"]


async def test_a_file_lost_from_the_disk_is_sent_again(archive: Archive, shop: Shop, store: Store):
    shop.files |= {COMMUNE: b"x", f"{EDITION}?01": b"x"}
    for source in (by_commune(shop), by_edition(shop)):
        await read(archive, source)
        store.path(hashlib.sha256(b"x").hexdigest()).write_bytes(b"")  # as a crash may leave it

        assert await read(archive, source) == b"x"


async def test_what_could_not_be_read_is_no_fallback(archive: Archive, shop: Shop):
    shop.files[COMMUNE] = b"sales"
    await read(archive, by_commune(shop))
    shop.files[COMMUNE] = b"<html>"
    await read(archive, by_commune(shop))
    await archive.distrust(shop.url + COMMUNE, "html", "It is a page.")
    shop.files.clear()

    assert await read(archive, by_commune(shop)) == b"sales"


async def test_what_could_not_be_read_is_sent_again_in_full(archive: Archive, shop: Shop):
    shop.files[COMMUNE] = b"<html>"
    await read(archive, by_commune(shop))
    await archive.distrust(shop.url + COMMUNE, "html", "It is a page.")

    assert await read(archive, by_commune(shop)) == b"<html>"
    assert shop.given == [COMMUNE] * 2


async def test_a_shared_file_that_could_not_be_read_rests_for_an_hour(
    archive: Archive, shop: Shop, clock: Clock
):
    shop.files[DEPARTMENT] = b"<html>"
    await read(archive, by_department(shop))
    await archive.distrust(shop.url + DEPARTMENT, "html", "It is a page.")
    with pytest.raises(BrokenFileError, match="It is a page"):
        await read(archive, by_department(shop))

    shop.files[DEPARTMENT] = b"sales"
    clock.advance(minutes=61)
    assert await read(archive, by_department(shop)) == b"sales"


async def test_who_wants_a_file_that_is_on_its_way_waits_for_it(archive: Archive, shop: Shop):
    shop.files[DEPARTMENT] = b"x" * 1000

    await asyncio.gather(*(read(archive, by_department(shop)) for _ in range(5)))

    assert shop.given == [DEPARTMENT]


async def test_several_processes_may_share_the_folder(
    client: httpx.AsyncClient, shop: Shop, store: Store
):
    shop.files[COMMUNE] = b"x" * 100_000
    processes = [Archive(client=client, store=store) for _ in range(8)]

    contents = await asyncio.gather(*(read(one, by_commune(shop)) for one in processes))

    assert contents == [b"x" * 100_000] * 8
    assert list((store.folder / "unfinished").iterdir()) == []


async def test_an_archive_that_cannot_be_written_is_said(
    archive: Archive, shop: Shop, tmp_path: Path
):
    shop.files[COMMUNE] = b"x"
    (tmp_path / "archive").write_bytes(b"")  # no folder can be made here

    with pytest.raises(SourceDownError, match=r"cannot be archived: .*Not a directory"):
        await read(archive, by_commune(shop))


async def test_a_file_that_unpacks_beyond_reason_is_refused_again_and_again(
    archive: Archive, shop: Shop
):
    shop.files[COMMUNE] = b"x" * 2000
    strict = msgspec.structs.replace(archive, bounds=Bounds(text_bytes=1000))

    for _ in range(2):
        with pytest.raises(BrokenFileError) as refused:
            await read(strict, by_commune(shop))
        assert refused.value.code == "too_large"
