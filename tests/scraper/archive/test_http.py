"""How a publisher may answer, and how long it is listened to."""

import gzip
import time
import tracemalloc
from collections.abc import Callable

import httpx
import msgspec
import pytest

from libs.egress import egress
from services.scraper.archive import Archive
from services.scraper.archive.bounds import Bounds
from services.scraper.archive.http import download
from services.scraper.archive.store import Store
from services.scraper.domain import Source
from services.scraper.handlers.ports import (
    BrokenFileError,
    MissingFileError,
    Place,
    SourceDownError,
)
from tests.scraper.archive.shop import Counter, Shop

SOURCE = Source("geo-dvf", "/dvf/{year}/communes/{department}/{insee}.csv")
PLACE = Place(insee_code="01053", communes=("01053",), moved={}, neighbours=("01004",), known={})
HASTY = Bounds(file_bytes=1_000_000, least_bytes=1000, seconds=0.4)


@pytest.fixture
def get(client: httpx.AsyncClient, shop: Shop, store: Store):
    async def get() -> bytes:
        version = await download(client, f"{shop.url}/x", None, store=store, bounds=HASTY)
        return store.path(version.sha256).read_bytes()

    return get


@pytest.mark.parametrize(
    "status,error",
    [
        (404, MissingFileError),
        (410, MissingFileError),
        (429, SourceDownError),
        (500, SourceDownError),
        (503, SourceDownError),
        (403, BrokenFileError),
    ],
)
async def test_a_status_says_whether_to_try_again(
    get, shop: Shop, status: int, error: type[Exception]
):
    shop.answers["/x"] = lambda to: to.say(status, b"sorry")

    with pytest.raises(error):
        await get()


async def test_a_publisher_that_comes_back_is_waited_for(archive: Archive, shop: Shop):
    statuses = iter([503, 200])
    path = "/dvf/2019/communes/01/01053.csv"
    shop.answers[path] = lambda to: to.say(next(statuses), b"x")
    source = Source("geo-dvf", shop.url + SOURCE.template)

    fetched = await archive.fetch(source, PLACE, 2019, patient=True)

    assert fetched.path.read_bytes() == b"x"


async def test_no_answer_is_a_publisher_that_is_down(archive: Archive):
    source = Source("geo-dvf", "http://127.0.0.1:9" + SOURCE.template)

    with pytest.raises(SourceDownError, match="ConnectError"):
        await archive.fetch(source, PLACE, 2019, patient=False)


@pytest.mark.parametrize("location", ["/x", "ftp://a.org/x", "file:///etc/passwd"])
async def test_a_redirect_leads_to_http_and_not_in_circles(get, shop: Shop, location: str):
    shop.answers["/x"] = lambda to: to.say(302, b"", Location=location)

    with pytest.raises(BrokenFileError):
        await get()


async def test_what_the_gate_refuses_is_named_and_not_tried_again(shop: Shop, store: Store):
    async with egress() as guarded:
        with pytest.raises(BrokenFileError, match="EGRESS_ALLOW") as refused:
            await download(guarded, f"{shop.url}/x", None, store=store, bounds=HASTY)

    assert (refused.value.code, shop.asked) == ("refused", [])


async def test_a_file_beyond_the_cap_is_refused_and_not_kept(get, shop: Shop, store: Store):
    shop.files["/x"] = b"x" * 1_000_001

    with pytest.raises(BrokenFileError, match="1,000,000 bytes"):
        await get()
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


async def test_a_body_comes_as_it_is_however_it_is_labelled(get, shop: Shop):
    packed = gzip.compress(b"sales")
    shop.answers["/x"] = lambda to: to.say(200, packed, **{"Content-Encoding": "gzip"})

    assert await get() == packed


def slowly(stretch: bytes, *, every: float, times: int) -> Callable[[Counter], None]:
    """An answer of several stretches, with a pause before each."""

    def answer(to: Counter) -> None:
        to.send_response(200)
        to.send_header("Content-Length", str(len(stretch) * times))
        to.end_headers()
        for _ in range(times):
            to.server.closing.wait(every)
            to.wfile.write(stretch)

    return answer


async def test_a_long_body_may_take_its_time_while_it_goes_on(get, shop: Shop):
    shop.answers["/x"] = slowly(b"x" * 1000, every=0.1, times=12)

    assert len(await get()) == 12_000  # in three times the patience for one stretch


@pytest.mark.parametrize(
    "answer",
    [
        slowly(b"x", every=0.05, times=1000),
        slowly(b"x" * 5000, every=30, times=1),
        lambda to: to.server.closing.wait(30),
    ],
    ids=["drips", "stalls", "says-nothing"],
)
async def test_who_stalls_or_drips_is_given_up_and_nothing_kept(
    get, shop: Shop, store: Store, answer
):
    shop.answers["/x"] = answer
    started = time.monotonic()

    with pytest.raises(SourceDownError, match="TimeoutError"):
        await get()

    assert time.monotonic() - started < 5
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("pause", [30, 0.05], ids=["stalls", "drips"])
async def test_a_quick_start_buys_no_patience(get, shop: Shop, pause: float):
    def answer(to: Counter) -> None:
        to.send_response(200)
        to.send_header("Content-Length", "900000")
        to.end_headers()
        to.wfile.write(b"x" * 800_000)
        while not to.server.closing.wait(pause):
            to.wfile.write(b"x")

    shop.answers["/x"] = answer
    started = time.monotonic()

    with pytest.raises(SourceDownError, match="TimeoutError"):
        await get()
    assert time.monotonic() - started < 5


async def test_a_body_that_ends_too_early_is_no_file(get, shop: Shop, store: Store):
    def answer(to: Counter) -> None:
        to.send_response(200)
        to.send_header("Content-Length", "1000")
        to.end_headers()
        to.wfile.write(b"x" * 999)
        to.close_connection = True

    shop.answers["/x"] = answer

    with pytest.raises(SourceDownError):
        await get()
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "answering,has_year",
    [
        ("/dvf/2019/communes/01/", True),
        ("/dvf/2019/", True),
        ("/dvf/2019/communes/01/01004.csv", True),
        ("/dvf/", False),
    ],
)
async def test_a_publisher_has_a_year_if_anything_of_it_answers(
    archive: Archive,
    shop: Shop,
    answering: str,
    has_year: bool,  # noqa: FBT001 - a column of the table above
):
    shop.files[answering] = b"x"
    source = Source("geo-dvf", shop.url + SOURCE.template)

    assert await archive.has_year(source, PLACE, 2019) is has_year


async def test_a_year_is_asked_for_once_an_hour(archive: Archive, shop: Shop):
    source = Source("geo-dvf", shop.url + SOURCE.template)
    await archive.has_year(source, PLACE, 2019)
    once = len(shop.asked)
    await archive.has_year(source, PLACE, 2019)

    assert len(shop.asked) == once > 0


async def test_a_shared_file_missing_is_a_year_that_the_publisher_lacks(archive: Archive):
    national = Source("raw-dvf", "https://a.org/{edition}/{year}.txt")

    assert not await archive.has_year(national, PLACE, 2019)


async def test_a_large_file_is_never_in_memory(client: httpx.AsyncClient, shop: Shop, store: Store):
    shop.files["/x"] = b"x" * 60_000_000
    roomy = msgspec.structs.replace(HASTY, file_bytes=100_000_000)

    tracemalloc.start()
    version = await download(client, f"{shop.url}/x", None, store=store, bounds=roomy)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert version.size_bytes == 60_000_000
    assert peak < 10_000_000
