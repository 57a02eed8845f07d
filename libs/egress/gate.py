"""What a URL must be to be asked for, and which addresses may be connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import httpx
import msgspec

from libs.egress.addresses import Address, read_address, why_not_public
from libs.egress.allowance import WEB_PORTS, Allowance, host_name
from libs.egress.errors import EgressRefusedError

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Every address of a name, A and AAAA, in the order of preference; an `OSError` when it has none."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_RESOLVING: Final = ThreadPoolExecutor(16, "egress-resolver")
"""A resolver that hangs keeps these threads, not those by which the database's name is looked up."""


async def system_resolver(name: str) -> Sequence[str]:
    """What this machine's resolver answers to one question."""
    loop = asyncio.get_running_loop()
    asked = partial(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(_RESOLVING, asked)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Gate(msgspec.Struct, frozen=True):
    """The rules: the web's two ports, public addresses, and what the operator allows besides."""

    allowances: Sequence[Allowance]
    resolve: Resolve = system_resolver

    def check(self, url: httpx.URL) -> None:
        """Refuse a URL that cannot be meant for a publisher, before any name is looked up."""
        if url.scheme not in _DEFAULT_PORTS:
            raise _refusal(url, f"{url.scheme or 'a relative URL'} is not http or https")
        if url.userinfo:
            raise _refusal(url, "it has a user before its host")
        host = url.raw_host.decode()
        if not _is_well_spelt(host):
            raise _refusal(url, f"{host!r} is no proper spelling of a host")
        port = url.port or _DEFAULT_PORTS[url.scheme]
        if port not in WEB_PORTS and not any(one.opens(port) for one in self.allowances):
            raise _closed(host, port, f"port {port} is neither 80 nor 443")

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a host. Refused if a single one of them may not be reached."""
        literal = read_address(host)
        texts = [host] if literal else await self.resolve(host)
        addresses = [address for text in texts if (address := read_address(text))]
        if not addresses or len(addresses) < len(texts):
            raise OSError(f"{host} has no address")
        name = "" if literal else host_name(host) or host
        for address in addresses:
            self._check_address(name, address, port)
        return addresses

    def _check_address(self, name: str, address: Address, port: int) -> None:
        if any(one.opens(port) and one.covers(name, address) for one in self.allowances):
            return
        shown = name or str(address)
        if kind := why_not_public(address):
            raise _closed(shown, port, f"{address} is not public ({kind})")
        if port not in WEB_PORTS:
            raise _closed(shown, port, f"port {port} is neither 80 nor 443")


def _is_well_spelt(host: str) -> bool:
    """An address in full, or a name that no resolver takes for one (`127.1`, `0x7f000001`)."""
    address = read_address(host)
    return host_name(host) is not None if address is None else "%" not in host


def _refusal(url: httpx.URL, reason: str) -> EgressRefusedError:
    shown = url.copy_with(userinfo=b"", query=None, fragment=None)
    return EgressRefusedError(f"{shown} is not asked for: {reason}; no setting allows that.")


def _closed(host: str, port: int, reason: str) -> EgressRefusedError:
    spelt = f"[{host}]" if ":" in host else host
    entry = host if port in WEB_PORTS else f"{spelt}:{port}"
    return EgressRefusedError(
        f"{spelt}:{port} is not connected to: {reason}; EGRESS_ALLOW={entry} would allow it."
    )
