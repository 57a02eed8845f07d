"""The HTTP client for whatever is asked of the web."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final, cast

import httpcore
import httpx
import msgspec
from typing_extensions import override

from libs.common.settings import SettingsError
from libs.egress.allowance import parse_allowances
from libs.egress.errors import EgressLimitError, EgressRefusedError
from libs.egress.gate import Gate, Resolve, system_resolver
from libs.egress.network import GuardedNetwork

USER_AGENT: Final = "TrackImmo (reads open files of the state, with moderation)"
MOST_REDIRECTS: Final = 3
_CONNECTIONS: Final = 8
_TRUST_STORES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # the first that is set counts
_SECURE: Final = "trackimmo.secure"
"""Travels with a request from redirect to redirect once one of them was encrypted."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The last resort of every answer; who reads one knows narrower limits for it."""

    head_seconds: float = 60
    body_seconds: float = 3600
    body_bytes: int = 1024**3


_LAST_RESORT: Final = Limits()


@asynccontextmanager
async def egress(
    allow: Iterable[str] = (),
    *,
    limits: Limits = _LAST_RESORT,
    resolve: Resolve = system_resolver,
    network: httpcore.AsyncNetworkBackend | None = None,
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that reaches public web servers, and what `allow` (`EGRESS_ALLOW`) names besides.

    Bodies come as they were sent: `Content-Encoding` is taken off unread, so nothing is unpacked
    here. The environment's proxies are not used; its SSL_CERT_FILE or SSL_CERT_DIR is the trust
    store, else certifi's.
    """
    gate = Gate(parse_allowances(allow), resolve)
    # httpcore types a stand-in for where anyio is missing; httpx brings it.
    opened = network or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
    async with httpx.AsyncClient(
        transport=_Transport(gate, GuardedNetwork(gate, opened), limits),
        trust_env=False,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(30, connect=5),
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
    ) as client:
        yield client


async def read_whole(
    client: httpx.AsyncClient,
    url: str,
    *,
    most_bytes: int,
    seconds: float,
    params: Mapping[str, str] | None = None,
) -> bytes:
    """A short answer; what is no success, too large or too slow is an `httpx.HTTPError`."""
    request = client.build_request("GET", url, params=params)
    return await read_answer(client, request, most_bytes=most_bytes, seconds=seconds)


async def read_answer(
    client: httpx.AsyncClient, request: httpx.Request, *, most_bytes: int, seconds: float
) -> bytes:
    """The same for any request; its time includes the sending."""
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            response = await client.send(request, stream=True)
            try:
                response.raise_for_status()
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > most_bytes:
                        raise EgressLimitError(
                            f"{request.url} answers more than {most_bytes:,} bytes."
                        )
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise EgressLimitError(f"{request.url} answers for more than {seconds:.0f} s.") from error
    return bytes(content)


class _Transport(httpx.AsyncHTTPTransport):
    """Checks each request, the redirected ones included, and bounds each answer."""

    def __init__(self, gate: Gate, network: GuardedNetwork, limits: Limits) -> None:
        context = _trust()
        super().__init__(verify=context, trust_env=False)
        self._gate = gate
        self._limits = limits
        # httpx has no argument for the network below its pool, so the pool is ours.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=5,
            network_backend=network,
        )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._gate.check(request.url)
        if request.url.scheme == "https":
            request.extensions[_SECURE] = True
        elif request.extensions.get(_SECURE):
            raise EgressRefusedError(
                f"{request.url} is not asked for: an encrypted publisher redirects to it in the"
                " clear; no setting allows that."
            )
        response = await self._head(request)
        response.headers.pop("Content-Encoding", None)
        if response.has_redirect_location:  # nobody reads its body, however long it is
            await response.aclose()
            location = [pair for pair in response.headers.raw if pair[0].lower() == b"location"]
            return httpx.Response(response.status_code, headers=location)
        response.stream = _Bounded(response.stream, self._limits)
        return response

    async def _head(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                return await super().handle_async_request(request)
        except TimeoutError as error:
            seconds = self._limits.head_seconds
            raise EgressLimitError(f"{request.url} says nothing for {seconds:.0f} s.") from error


class _Bounded(httpx.AsyncByteStream):
    """A body that ends at the limits, with an error."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, limits: Limits
    ) -> None:
        self._stream = cast("httpx.AsyncByteStream", stream)
        self._limits = limits

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        limits, size, clock = self._limits, 0, asyncio.get_running_loop().time
        end = clock() + limits.body_seconds
        async for chunk in self._stream:
            size += len(chunk)
            if size > limits.body_bytes:
                raise EgressLimitError(f"The answer has more than {limits.body_bytes:,} bytes.")
            if clock() > end:
                raise EgressLimitError(f"The answer takes more than {limits.body_seconds:.0f} s.")
            yield chunk

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()


def _trust() -> ssl.SSLContext:
    """The certificates that we believe, or one sentence that names the variable at fault."""
    try:
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        named = next((name for name in _TRUST_STORES if os.environ.get(name)), "certifi")
        raise SettingsError(f"{named} names no readable certificates: {error}.") from error
