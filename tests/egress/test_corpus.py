"""The corpus of what must never be reached: nothing is dialled, and a listener hears nobody."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from libs.egress import EgressRefusedError, egress
from tests.egress.servers import (
    LOOPBACK,
    Dialled,
    Names,
    Site,
    fine,
    listening,
    moved,
    saying,
)

SPELT = [
    "http://127.0.0.1:{port}",
    "http://127.1:{port}",
    "http://127.0.0.1.:{port}",
    "http://0177.0.0.1:{port}",
    "http://017700000001:{port}",
    "http://0x7f000001:{port}",
    "http://0x7f.1:{port}",
    "http://0x7F.0.0.1:{port}",
    "http://2130706433:{port}",
    "http://0:{port}",
    "http://0.0.0.0:{port}",
    "http://%31%32%37.0.0.1:{port}",
    "http://１２７.0.0.1:{port}",  # noqa: RUF001 - the point of it
    "http://①②⑦.0.0.1:{port}",
    "http://127。0。0。1:{port}",
    "http://[::]:{port}",
    "http://[::1]:{port}",
    "http://[0:0:0:0:0:0:0:1]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://[::ffff:7f00:1]:{port}",
    "http://[::127.0.0.1]:{port}",
    "http://[64:ff9b::127.0.0.1]:{port}",
    "http://[2002:7f00:1::1]:{port}",
    "http://[2001:0:7f00:1::80ff:fffe]:{port}",
    "http://[::ffff:169.254.169.254]",
    "http://[fe80::1%25eth0]",
    "http://[fe80::1%25eth0]:{port}",
    "http://[fd00:ec2::254]",
    "http://[ff02::1]",
    "http://localhost:{port}",
    "http://localhost.:{port}",
    "http://LOCALHOST:{port}",
    "http://localtest.me",
    "http://localtest.me:{port}",
    "http://EXAMPLE。com",
    "http://EXAMPLE。com:{port}",
    "http://10.0.0.1",
    "http://100.100.100.200",
    "http://168.63.129.16",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.1.1",
    "http://224.0.0.1",
    "http://255.255.255.255",
    "http://user@10.0.0.1",
    "http://user@open.test:{port}",
    "http://user:password@open.test:{port}",
    "http://open.test@127.0.0.1:{port}",
    "https://127.0.0.1:{port}",
    "https://localhost:{port}",
    "http://pg:5432",
    "http://open.test:22",
    "http://both.test",
    "http://both.test:{port}",
    "http://inner.test",
    "http://mapped.test",
    "http://zone.test",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}",
    "dict://127.0.0.1:{port}/d",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock",
    "//127.0.0.1:{port}",
    "http:///etc/passwd",
    "http://",
    "http://a..b:{port}",
    "http://a b:{port}",
]
# Each by a port of the web too: there it is the address alone that is refused.
CORPUS = list(dict.fromkeys([*SPELT, *(url.replace(":{port}", "") for url in SPELT)]))
PUBLIC = "8.8.8.8"
REFUSALS = (EgressRefusedError, httpx.InvalidURL, httpx.RemoteProtocolError)


@pytest.fixture
async def victim() -> AsyncGenerator[Site]:
    async with listening(saying(fine("secret"))) as site:
        yield site


def names() -> Names:
    return Names(
        both=[[PUBLIC, "fd00::1"]],
        inner=[["10.0.0.7"]],
        mapped=[["::ffff:127.0.0.1"]],
        zone=[["fe80::1%2"]],
        open=[[LOOPBACK]],
    )


@pytest.mark.parametrize("url", CORPUS)
async def test_the_corpus_opens_nothing(url: str, victim: Site):
    """The operator allows another host by this very port: it is the address that is refused."""
    dialled = Dialled()
    async with egress([f"allowed.test:{victim.port}"], resolve=names(), network=dialled) as client:
        with pytest.raises(REFUSALS):
            await client.get(url.format(port=victim.port))

    assert dialled.addresses == []
    assert victim.connections == 0


@pytest.mark.parametrize("url", CORPUS)
async def test_a_redirect_into_the_corpus_opens_nothing_more(url: str, victim: Site):
    location = url.format(port=victim.port)
    dialled = Dialled()
    async with listening(saying(moved(location))) as site:
        allow = [f"site.test:{site.port}", f"allowed.test:{victim.port}"]
        async with egress(allow, resolve=names(), network=dialled) as client:
            with pytest.raises(REFUSALS):
                await client.get(f"http://site.test:{site.port}/redirect")

    assert dialled.addresses == [(LOOPBACK, site.port)]
    assert site.connections == 1
    assert victim.connections == 0


async def test_what_looks_like_a_user_behind_a_hash_is_no_host():
    dialled = Dialled(PUBLIC)
    async with egress(resolve=Names(example=[[PUBLIC]]), network=dialled) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://example.test#@10.0.0.1/")

    assert dialled.addresses == [(PUBLIC, 80)]


async def test_another_full_stop_is_the_same_name():
    dialled, resolver = Dialled(PUBLIC), Names(example=[[PUBLIC]])
    async with egress(resolve=resolver, network=dialled) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://EXAMPLE。test")

    assert resolver.asked == ["example.test"]
    assert dialled.addresses == [(PUBLIC, 80)]


async def test_a_name_that_changes_its_mind_is_asked_once_a_connection():
    """First the allowed address, then the one beside it, where another server listens."""
    resolver, dialled = Names(site=[["127.0.0.2"], [LOOPBACK]]), Dialled()
    async with (
        listening(saying(fine()), host="127.0.0.2") as site,
        listening(saying(fine("secret")), port=site.port) as victim,
        egress([f"127.0.0.2:{site.port}"], resolve=resolver, network=dialled) as client,
    ):
        url = f"http://site.test:{site.port}/"
        assert (await client.get(url)).text == "fine"
        assert resolver.asked == ["site.test"]
        with pytest.raises(EgressRefusedError, match="loopback"):
            await client.get(url)

    assert dialled.addresses == [("127.0.0.2", site.port)]
    assert victim.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1",
        "http://0177.0.0.1.",
        "http://0x7f000001",
        "http://2130706433",
        "http://%31%32%37.0.0.1",
        "http://a..b",
        "http://pg:5432",
        "http://user@site.test",
        "ftp://site.test",
    ],
)
async def test_what_cannot_be_meant_is_not_even_looked_up(url: str):
    """A resolver may know a public address for anything."""
    asked: list[str] = []

    async def resolve(name: str) -> list[str]:
        asked.append(name)
        return [PUBLIC]

    async with egress(resolve=resolve, network=(dialled := Dialled(PUBLIC))) as client:
        with pytest.raises(REFUSALS):
            await client.get(url)

    assert (asked, dialled.addresses) == ([], [])


async def test_a_name_without_an_answer_is_no_address():
    async def nothing(name: str) -> list[str]:
        raise OSError(f"{name} is not known")

    async def nonsense(_: str) -> list[str]:
        return ["8.8.8.8", "neighbour"]

    for resolve in (nothing, nonsense):
        async with egress(resolve=resolve, network=(dialled := Dialled())) as client:
            with pytest.raises(httpx.ConnectError, match="has no address"):
                await client.get("http://site.test")
        assert dialled.addresses == []


async def test_a_resolver_that_hangs_is_a_connection_that_times_out():
    async def hang(_: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with egress(resolve=hang) as client:
        with pytest.raises(httpx.ConnectTimeout, match="not resolved in time"):
            await client.get("http://site.test", timeout=0.05)
