"""The exceptions that `EGRESS_ALLOW` names: `host`, `host:port` or a network, blank-separated."""

import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_network
from typing import Final

import httpx
import msgspec

from libs.egress.addresses import Address, Network

WEB_PORTS: Final = frozenset({80, 443})

_ENTRY: Final = re.compile(
    r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<plain>[^:\[\]]+))(?::(?P<port>\d{1,5}))?|(?P<v6>[0-9a-fA-F:./]+)"
)
_NAME: Final = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
_NUMBER: Final = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?")


class Allowance(msgspec.Struct, frozen=True):
    """A host, or a network's addresses, that may be reached although not public."""

    host: str
    network: Network | None
    port: int | None
    """The one port by which; without it, the two of the web."""

    def opens(self, port: int) -> bool:
        return port == self.port if self.port else port in WEB_PORTS

    def covers(self, host: str, address: Address) -> bool:
        return address in self.network if self.network else host == self.host


def parse_allowances(entries: Iterable[str]) -> tuple[Allowance, ...]:
    """The exceptions, or a `ValueError` that names every entry that is wrong."""
    read = {entry: _allowance(entry) for entry in entries}
    wrong = [
        f"{entry!r} is no host, host:port or network (like 10.1.0.0/16)"
        for entry, allowance in read.items()
        if not allowance
    ]
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(allowance for allowance in read.values() if allowance)


def host_name(spelt: str) -> str | None:
    """A name as names are compared, if it is one that no resolver takes for a number."""
    name = spelt.lower()
    return name.rstrip(".") if _NAME.fullmatch(name) and not _NUMBER.fullmatch(name) else None


def _allowance(entry: str) -> Allowance | None:
    found = _ENTRY.fullmatch(entry)
    if not found:
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 1 << 16:
        return None
    text = found["bracketed"] or found["plain"] or found["v6"]
    with suppress(ValueError):  # then it is a name
        return Allowance("", ip_network(text), port)
    with suppress(httpx.InvalidURL):
        name = host_name(httpx.URL(scheme="http", host=text).raw_host.decode())
        return Allowance(name, None, port) if name else None
    return None
