import hashlib
import resource
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from services.scraper.domain import Source
from services.scraper.fetch import Fetcher, egress
from services.scraper.handlers.ports import (
    BrokenFileError,
    MissingFileError,
    Place,
    SourceDownError,
)

URL = "https://a.org/dvf/2019/communes/01/01053.csv"
SOURCE = Source("geo-dvf", "https://a.org/dvf/{year}/communes/{department}/{insee}.csv")
PLACE = Place(insee_code="01053", communes=("01053",), moved={}, neighbours=("01004",), known={})

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
async def fetcher_of(tmp_path: Path) -> AsyncIterator[Callable[[Answer], Fetcher]]:
    clients: list[httpx.AsyncClient] = []

    def build(answer: Answer) -> Fetcher:
        clients.append(
            httpx.AsyncClient(
                transport=httpx.MockTransport(answer), follow_redirects=True, max_redirects=3
            )
        )
        return Fetcher(client=clients[-1], archive=tmp_path, most_bytes=1000)

    yield build
    for client in clients:
        await client.aclose()


async def test_a_file_is_archived_under_its_fingerprint(fetcher_of, tmp_path: Path):
    fetched = await fetcher_of(lambda _: httpx.Response(200, content=b"x")).fetch(URL, patient=True)

    sha256 = hashlib.sha256(b"x").hexdigest()
    assert (fetched.content, fetched.sha256) == (b"x", sha256)
    assert (tmp_path / sha256[:2] / sha256).read_bytes() == b"x"


async def test_an_archive_that_cannot_be_written_leaves_nothing_half_written(
    fetcher_of, tmp_path: Path
):
    folder = tmp_path / hashlib.sha256(b"x").hexdigest()[:2]
    folder.mkdir()
    fetcher = fetcher_of(lambda _: httpx.Response(200, content=b"x"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await fetcher.fetch(URL, patient=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(folder.iterdir()) == []


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
async def test_a_status_says_whether_to_try_again(fetcher_of, status: int, error: type[Exception]):
    fetcher = fetcher_of(lambda _: httpx.Response(status))

    with pytest.raises(error):
        await fetcher.fetch(URL, patient=False)


async def test_a_publisher_that_comes_back_is_waited_for(fetcher_of):
    answers = iter([httpx.Response(503), httpx.Response(200, content=b"x")])

    fetched = await fetcher_of(lambda _: next(answers)).fetch(URL, patient=True)

    assert fetched.content == b"x"


async def test_no_answer_is_a_publisher_that_is_down(fetcher_of):
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SourceDownError, match="ConnectError"):
        await fetcher_of(refuse).fetch(URL, patient=False)


async def test_a_file_beyond_the_cap_is_refused(fetcher_of):
    fetcher = fetcher_of(lambda _: httpx.Response(200, content=b"x" * 1001))

    with pytest.raises(BrokenFileError, match="1,000 bytes"):
        await fetcher.fetch(URL, patient=True)


@pytest.mark.parametrize("location", ["/again", "ftp://a.org/x", "file:///etc/passwd"])
async def test_a_redirect_leads_to_http_and_not_in_circles(fetcher_of, location: str):
    fetcher = fetcher_of(lambda _: httpx.Response(302, headers={"Location": location}))

    with pytest.raises(BrokenFileError):
        await fetcher.fetch(URL, patient=True)


async def test_a_file_on_disk_may_be_missing(fetcher_of, tmp_path: Path):
    fetcher = fetcher_of(lambda _: httpx.Response(500))
    (tmp_path / "sales.csv").write_bytes(b"x")

    assert (await fetcher.fetch(f"file://{tmp_path}/sales.csv", patient=True)).content == b"x"
    with pytest.raises(MissingFileError):
        await fetcher.fetch(f"file://{tmp_path}/other.csv", patient=True)


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
    fetcher_of,
    answering: str,
    has_year: bool,  # noqa: FBT001 - a column of the table above
):
    fetcher = fetcher_of(
        lambda request: httpx.Response(200 if request.url.path == answering else 404)
    )

    assert await fetcher.has_year(SOURCE, PLACE, 2019) is has_year


async def test_a_year_is_asked_for_once_an_hour(fetcher_of):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    fetcher = fetcher_of(answer)
    await fetcher.has_year(SOURCE, PLACE, 2019)
    once = len(asked)
    await fetcher.has_year(SOURCE, PLACE, 2019)

    assert len(asked) == once > 0


async def test_we_say_who_we_are():
    async with egress() as client:
        assert client.headers["User-Agent"].startswith("TrackImmo")
        assert (client.max_redirects, client.timeout.connect) == (3, 5)
