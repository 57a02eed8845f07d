"""Connections to checked addresses only.

The check stands where the socket is opened: between it and the connection nothing asks for the
name again, so an answer that changes in between changes nothing. Host and SNI keep the name.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import httpcore
from typing_extensions import override

from libs.egress.gate import Gate

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)

_MOST_TRIED: Final = 4
_PATIENCE_SECONDS: Final = 5.0


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections through `network`, to addresses that the gate has let pass."""

    def __init__(self, gate: Gate, network: httpcore.AsyncNetworkBackend) -> None:
        self._gate = gate
        self._network = network

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        patience = timeout or _PATIENCE_SECONDS
        addresses = (await self._addresses(host, port, patience))[:_MOST_TRIED]
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout=patience / len(addresses),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int, patience: float) -> list[str]:
        try:
            async with asyncio.timeout(patience):
                return [str(address) for address in await self._gate.addresses(host, port)]
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address: {error}") from error

    @override
    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.UnsupportedProtocol(f"{path} is on this machine")

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
