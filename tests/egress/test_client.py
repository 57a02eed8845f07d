"""What the client does where it may: pinned connections, redirects, trust, bounds."""

import asyncio
import gzip
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
import trustme

from libs.common.settings import SettingsError
from libs.egress import EgressLimitError, EgressRefusedError, Limits, egress, read_whole
from tests.egress.servers import (
    LOOPBACK,
    Dialled,
    Names,
    answer,
    fine,
    listening,
    moved,
    saying,
)
from tests.support.authority import certified


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one certificate authority that the environment names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


async def test_an_encrypted_connection_keeps_the_name_though_an_address_is_dialled(authority):
    tls, asked = certified(authority, "site.test"), list[str | None]()
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    dialled = Dialled()
    async with (
        listening(saying(fine()), tls=tls) as site,
        egress([f"site.test:{site.port}"], resolve=Names(), network=dialled) as client,
    ):
        got = await client.get(f"https://site.test:{site.port}/x")

    assert got.text == "fine"
    assert asked == ["site.test"]
    assert f"Host: site.test:{site.port}" in site.heads[0]
    assert dialled.addresses == [(LOOPBACK, site.port)]


async def test_a_certificate_of_another_name_or_authority_is_refused(authority):
    for issuer, name in ((authority, "other.test"), (trustme.CA(), "site.test")):
        async with (
            listening(saying(fine()), tls=certified(issuer, name)) as site,
            egress([f"site.test:{site.port}"], resolve=Names()) as client,
        ):
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await client.get(f"https://site.test:{site.port}/")
        assert site.heads == []


async def test_a_folder_of_certificates_is_trusted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    await _rehash(tmp_path)
    async with (
        listening(saying(fine()), tls=certified(authority, "site.test")) as site,
        egress([f"site.test:{site.port}"], resolve=Names()) as client,
    ):
        assert (await client.get(f"https://site.test:{site.port}/")).text == "fine"


async def _rehash(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec("openssl", "rehash", str(folder))
    assert await process.wait() == 0


async def test_a_trust_store_that_is_nowhere_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE names no readable certificates"):
        async with egress():
            pass


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch):
    async with listening(saying(fine("proxy"))) as proxy, listening(saying(fine())) as site:
        for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        async with egress([f"127.0.0.1:{site.port}"]) as client:
            assert (await client.get(f"http://127.0.0.1:{site.port}/")).text == "fine"
    assert proxy.connections == 0


async def test_a_password_of_this_machines_users_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login boss password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with listening(saying(fine())) as site, egress([f"127.0.0.1:{site.port}"]) as client:
        await client.get(f"http://127.0.0.1:{site.port}/")
    assert "Authorization" not in site.heads[0]


async def test_three_redirects_are_followed_and_a_fourth_is_not():
    steps = iter(["/b", "/c", "/d", "/e"])

    async def onwards(writer: asyncio.StreamWriter) -> None:
        writer.write(moved(next(steps)).encode())

    async with listening(onwards) as site, egress([f"127.0.0.1:{site.port}"]) as client:
        with pytest.raises(httpx.TooManyRedirects):
            await client.get(f"http://127.0.0.1:{site.port}/a")

    asked = [head.split()[1] for head in site.heads]
    assert asked == ["/a", "/b", "/c", "/d"]


async def test_no_redirect_leaves_encryption_however_it_goes_round(authority):
    """From https to http, and from https over http back to https."""
    async with listening(saying(fine("clear"))) as clear:
        target = f"http://site.test:{clear.port}/clear"
        async with listening(saying(moved(target)), tls=certified(authority, "site.test")) as site:
            allow = [f"site.test:{site.port}", f"site.test:{clear.port}"]
            async with egress(allow, resolve=Names()) as client:
                with pytest.raises(EgressRefusedError, match="in the clear"):
                    await client.get(f"https://site.test:{site.port}/")
                assert (await client.get(target)).text == "clear"
    assert clear.connections == 1


async def test_a_redirect_may_begin_encryption(authority):
    async with listening(saying(fine()), tls=certified(authority, "site.test")) as site:
        target = f"https://site.test:{site.port}/"
        async with listening(saying(moved(target))) as clear:
            allow = [f"site.test:{site.port}", f"site.test:{clear.port}"]
            async with egress(allow, resolve=Names()) as client:
                got = await client.get(f"http://site.test:{clear.port}/")
    assert (got.text, str(got.url)) == ("fine", target)


async def test_the_body_of_a_redirect_is_not_waited_for():
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(answer("302 Found", "Location: /there", "Content-Length: 9").encode())
        await writer.drain()
        await asyncio.Event().wait()

    async with listening(endless) as site, egress([f"127.0.0.1:{site.port}"]) as client:
        request = client.build_request("GET", f"http://127.0.0.1:{site.port}/")
        got = await asyncio.wait_for(client.send(request, follow_redirects=False), 5)
    assert (got.status_code, got.headers["Location"], got.content) == (302, "/there", b"")


async def test_nothing_is_unpacked_on_the_way():
    """Ten megabytes of nothing stay the ten kilobytes that they were sent as."""
    bomb = gzip.compress(bytes(10 * 1024 * 1024))
    head = answer("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    async with (
        listening(saying(head.encode() + bomb)) as site,
        egress([f"127.0.0.1:{site.port}"]) as client,
    ):
        got = await client.get(f"http://127.0.0.1:{site.port}/")
    assert got.content == bomb
    assert "Accept-Encoding: identity" in site.heads[0]


async def drip(writer: asyncio.StreamWriter) -> None:
    """Another byte before anybody loses patience with the last one."""
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def dripped_body(writer: asyncio.StreamWriter) -> None:
    writer.write(answer("200 OK", "Content-Length: 1000000").encode())
    await drip(writer)


async def dripped_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await drip(writer)


@pytest.fixture
async def dripping() -> AsyncGenerator[str]:
    async with listening(dripped_body) as site:
        yield f"http://127.0.0.1:{site.port}/"


@pytest.mark.parametrize("speak", [dripped_body, dripped_head])
async def test_a_publisher_that_drips_is_left(speak):
    limits = Limits(head_seconds=0.2, body_seconds=0.2)
    async with (
        listening(speak) as site,
        egress([f"127.0.0.1:{site.port}"], limits=limits) as client,
    ):
        with pytest.raises(EgressLimitError):
            await client.get(f"http://127.0.0.1:{site.port}/")


async def test_a_body_beyond_the_last_resort_is_left():
    async with (
        listening(saying(fine("x" * 1001))) as site,
        egress([f"127.0.0.1:{site.port}"], limits=Limits(body_bytes=1000)) as client,
    ):
        with pytest.raises(EgressLimitError, match="1,000 bytes"):
            await client.get(f"http://127.0.0.1:{site.port}/")


async def test_a_short_answer_is_short_and_quick(dripping: str):
    async with (
        listening(saying(fine("x" * 1001))) as site,
        egress([f"127.0.0.1:{site.port}", dripping.split("/")[2]]) as client,
    ):
        url = f"http://127.0.0.1:{site.port}/"
        assert await read_whole(client, url, most_bytes=1001, seconds=5) == b"x" * 1001
        with pytest.raises(EgressLimitError, match="1,000 bytes"):
            await read_whole(client, url, most_bytes=1000, seconds=5)
        with pytest.raises(EgressLimitError, match="for more than 0 s"):
            await read_whole(client, dripping, most_bytes=1000, seconds=0.2)


async def test_the_next_address_is_tried_where_one_does_not_answer():
    dialled = Dialled("127.0.0.9")
    resolver = Names(site=[["127.0.0.9", LOOPBACK]])
    async with (
        listening(saying(fine())) as site,
        egress([f"site.test:{site.port}"], resolve=resolver, network=dialled) as client,
    ):
        assert (await client.get(f"http://site.test:{site.port}/")).text == "fine"
    assert [host for host, _ in dialled.addresses] == ["127.0.0.9", LOOPBACK]


async def test_we_say_who_we_are():
    async with egress() as client:
        assert client.headers["User-Agent"].startswith("TrackImmo")
        assert (client.max_redirects, client.timeout.connect) == (3, 5)
