"""The site fails as it was told to, and its readers see what they would see of a real one."""

import asyncio
import zlib
from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.faults.site import Site
from tests.faults.site.faults import BOMB_BYTES, METADATA, NAMES, bomb

FILE = "/geo-dvf/2019/communes/01/01053.csv"


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with Site().running() as running:
        yield running


@pytest.fixture
async def reader(site: Site) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{site.host}", timeout=20) as client:
        yield client


async def test_a_site_without_faults_publishes_sales_places_and_points(
    site: Site, reader: httpx.AsyncClient
):
    url = site.sources.partition("=")[2].format(year=2019, department="01", insee="01053")
    table = {"data": ("a.csv", b"rue,citycode\n12 Rue Bichat,01053\n")}

    assert (await reader.get(url)).text.startswith("id_mutation,")
    assert (await reader.get(site.places_url)).status_code == 200
    assert (await reader.post(f"{site.geocoder_url}/search/csv", files=table)).status_code == 200
    assert site.asked[0] == f"GET {FILE}"


@pytest.mark.parametrize("name, status", [("429", 429), ("500", 500), ("502", 502), ("503", 503)])
async def test_a_refusal_ends_after_so_many_times(
    site: Site, reader: httpx.AsyncClient, name: str, status: int
):
    fault = site.fault(name, times=2)

    answers = [(await reader.get(FILE)).status_code for _ in range(3)]

    assert answers == [status, status, 200]
    await asyncio.wait_for(fault.fired.wait(), 5)


async def test_too_many_requests_come_with_the_time_to_wait(site: Site, reader: httpx.AsyncClient):
    site.fault("429")
    assert (await reader.get(FILE)).headers["Retry-After"] == "2"
    site.heal()
    assert (await reader.get(FILE)).status_code == 200


async def test_a_captcha_looks_like_success(site: Site, reader: httpx.AsyncClient):
    site.fault("captcha")
    page = await reader.get(FILE)
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")


async def test_a_redirect_leads_to_the_secrets_of_the_machine(
    site: Site, reader: httpx.AsyncClient
):
    site.fault("redirect")
    page = await reader.get(FILE)
    assert (page.status_code, page.headers["Location"]) == (302, METADATA)


async def received(site: Site, reader: httpx.AsyncClient, most: int) -> AsyncGenerator[int]:
    """How much has come; the site is healed when that is enough."""
    count = 0
    async with reader.stream("GET", FILE) as response:
        async for chunk in response.aiter_raw():
            count += len(chunk)
            yield count
            if count > most:
                site.heal()


async def test_an_endless_file_is_cut_off_when_the_site_is_healed(
    site: Site, reader: httpx.AsyncClient
):
    site.fault("endless")
    with pytest.raises(httpx.RemoteProtocolError):
        assert [count async for count in received(site, reader, 20_000_000)] == []

    assert (await reader.get(FILE)).status_code == 200


@pytest.mark.parametrize("name", ["hang", "silent", "trickle"])
async def test_a_reader_may_wait_in_vain(site: Site, reader: httpx.AsyncClient, name: str):
    fault = site.fault(name, times=1)
    waiting = asyncio.create_task(reader.get(FILE))
    await asyncio.wait_for(fault.fired.wait(), 5)

    assert (await reader.get(FILE)).status_code == 200
    assert not waiting.done()

    site.heal()
    await asyncio.wait([waiting], timeout=10)
    assert waiting.done()
    assert isinstance(waiting.exception(), httpx.RemoteProtocolError)


async def test_a_bomb_is_small_until_it_is_unpacked(site: Site, reader: httpx.AsyncClient):
    site.fault("bomb")
    packed = (await reader.get(FILE)).content

    unpacking, unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    while packed and unpacked < 200_000_000:
        unpacked += len(unpacking.decompress(packed, 10_000_000))
        packed = unpacking.unconsumed_tail

    assert len(bomb()) < BOMB_BYTES / 500
    assert unpacked >= 200_000_000


async def test_columns_go_missing_from_one_year_alone(site: Site, reader: httpx.AsyncClient):
    site.fault("columns", of="/2019/")
    assert "valeur_fonciere" not in (await reader.get(FILE)).text[:500]
    assert "valeur_fonciere" in (await reader.get(FILE.replace("2019", "2018"))).text[:500]


async def test_a_fault_of_one_part_leaves_the_others_alone(site: Site, reader: httpx.AsyncClient):
    site.fault("503", where="geocoder")
    assert (await reader.get(site.places_url)).status_code == 200
    assert (await reader.post(f"{site.geocoder_url}/search/csv")).status_code == 503
    site.heal()
    site.fault("rows", where="geocoder")
    table = {"data": ("a.csv", b"rue,citycode\n12 Rue Bichat,01053\n")}
    answer = await reader.post(f"{site.geocoder_url}/search/csv", files=table)
    assert answer.text == ""


async def test_no_site_has_the_faults_of_another(site: Site, reader: httpx.AsyncClient):
    async with Site().running() as other:
        other.fault("500")
        assert (await reader.get(FILE)).status_code == 200


async def test_a_fault_that_nobody_knows_is_refused(site: Site):
    with pytest.raises(ValueError, match="captcha"):
        site.fault("flood")
    assert {"html", "empty", "hollow", "truncated", "slow"} <= NAMES
