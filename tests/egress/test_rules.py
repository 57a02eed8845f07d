"""Which addresses are public, and what EGRESS_ALLOW opens."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.settings import SettingsError, load
from libs.egress import EgressRefusedError, parse_allowances
from libs.egress.addresses import Address, read_address, why_not_public
from libs.egress.gate import Gate
from services.scraper.settings import ScraperSettings
from tests.egress.servers import Names

REQUIRED = {"DATABASE_URL": "postgresql://scraper@db/x", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


def is_public(text: str) -> bool:
    address = read_address(text)
    return address is not None and not why_not_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "51.159.1.1", "2001:41d0::1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_a_publishers_address_is_public(address):
    assert is_public(address)


def test_an_address_of_one_interface_is_not_public():
    assert not is_public("2a00:1450::1%2")


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_holds_for_private_is_not_public(address: IPv4Address):
    if not address.is_global or address.is_multicast:
        assert why_not_public(address)


@given(st.ip_addresses(v=6))
def test_nor_in_the_sixth_version(address: IPv6Address):
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@given(st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"]), st.data())
def test_an_address_that_is_not_public_is_not_so_in_any_disguise(network, data):
    address = int(data.draw(st.ip_addresses(network=network)))
    disguises = (
        0xFFFF << 32 | address,  # mapped
        address,  # compatible
        0x64_FF9B << 96 | address,  # NAT64
        0x2002 << 112 | address << 80,  # 6to4
        0x2001_0000 << 96 | address ^ 0xFFFF_FFFF,  # Teredo
    )
    assert not any(is_public(str(IPv6Address(disguise))) for disguise in disguises)


ALLOWED = [
    ("mirror.internal", "http://mirror.internal/", "10.0.0.1"),
    ("Mirror.Internal.", "https://MIRROR.internal./x", "10.0.0.1"),
    ("mirror.internal:8080", "http://mirror.internal:8080/", "10.0.0.1"),
    ("bücher.test", "http://xn--bcher-kva.test/", "10.0.0.1"),
    ("10.1.0.0/16", "http://anything.test/", "10.1.2.3"),
    ("10.1.0.0/16:8080", "http://anything.test:8080/", "10.1.2.3"),
    ("10.1.2.3", "http://10.1.2.3/", ""),
    ("127.0.0.1:8900", "http://127.0.0.1:8900/", ""),
    ("127.0.0.1", "http://[::ffff:127.0.0.1]/", ""),
    ("fd00::/8", "http://anything.test/", "fd00::1"),
    ("[fd00::1]:8080", "http://[fd00::1]:8080/", ""),
    ("::1", "http://localhost/", "::1"),
    ("publisher.test:8443", "https://publisher.test:8443/", "8.8.8.8"),
]
REFUSED = [
    ("mirror.internal", "http://mirror.internal:8080/", "10.0.0.1", "mirror.internal:8080"),
    ("mirror.internal:8080", "http://mirror.internal/", "10.0.0.1", "mirror.internal"),
    ("internal", "http://mirror.internal/", "10.0.0.1", "mirror.internal"),
    ("10.1.0.0/16", "http://anything.test/", "10.2.0.1", "anything.test"),
    ("127.0.0.1:8900", "http://localhost:8900/", "::1", "localhost:8900"),
    ("127.0.0.1", "http://[::1]/", "", "::1"),
    ("127.0.0.1:8900", "http://[::1]:8900/", "", "[::1]:8900"),
    ("", "http://127.0.0.1:8900/", "", "127.0.0.1:8900"),
    ("", "http://pg:5432/", "10.0.0.1", "pg:5432"),
]


async def pass_through(allow: str, url: str, resolved: str) -> Sequence[Address]:
    asked = httpx.URL(url)

    async def resolve(_: str) -> list[str]:
        return [resolved]

    gate = Gate(parse_allowances(allow.split()), resolve)
    gate.check(asked)
    port = asked.port or (443 if asked.scheme == "https" else 80)
    return await gate.addresses(asked.raw_host.decode(), port)


@pytest.mark.parametrize("allow,url,resolved", ALLOWED)
async def test_what_the_setting_names_is_reached(allow, url, resolved):
    assert await pass_through(allow, url, resolved)


@pytest.mark.parametrize("allow,url,resolved,entry", REFUSED)
async def test_what_it_does_not_name_is_refused_with_the_entry_that_would_allow_it(
    allow, url, resolved, entry
):
    with pytest.raises(EgressRefusedError, match="EGRESS_ALLOW=") as refused:
        await pass_through(allow, url, resolved)

    assert f"EGRESS_ALLOW={entry} would allow it." in str(refused.value)
    await pass_through(f"{allow} {entry}", url, resolved)


async def test_one_address_that_is_not_allowed_is_enough():
    gate = Gate(parse_allowances(["127.0.0.1:8900"]), Names(site=[["127.0.0.1", "::1"]]))
    with pytest.raises(EgressRefusedError, match="::1"):
        await gate.addresses("site.test", 8900)


def test_a_refusal_shows_no_password():
    with pytest.raises(EgressRefusedError) as refused:
        Gate(()).check(httpx.URL("https://user:hunter2@site.test/path?token=hunter2"))
    assert str(refused.value) == (
        "https://site.test/path is not asked for: it has a user before its host;"
        " no setting allows that."
    )


@pytest.mark.parametrize(
    "entry",
    [
        "http://mirror.internal",
        "mirror:99999",
        "mirror:0",
        "10.0.0.1/8",
        "127.1",
        "a..b",
        "[::1",
        "*",
    ],
)
def test_an_entry_that_names_nothing_stops_the_scraper_at_its_start(entry):
    with pytest.raises(
        SettingsError, match=r"EGRESS_ALLOW is wrong: .* host, host:port or network"
    ):
        load(ScraperSettings, {**REQUIRED, "EGRESS_ALLOW": f"mirror.internal {entry}"})
