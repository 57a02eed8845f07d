"""A relay alone in its process: `python -m bench.relaying`, woken by each byte of its input.

So its CPU time is the relay's, and whoever writes rows wakes it as a service's own code does.
"""

import asyncio
import sys

import uvloop

from libs.common import relay
from libs.common.settings import CommonSettings, load
from libs.telemetry import log

SOURCE = "gateway"


async def main() -> None:
    """Relay until the input ends."""
    log.configure(SOURCE, level="INFO", style="json")
    wake, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: _Woken(wake, ended), sys.stdin)
    relaying = asyncio.create_task(relay.run(load(CommonSettings), SOURCE, wake))
    await ended.wait()
    relaying.cancel()
    await asyncio.wait({relaying})


class _Woken(asyncio.Protocol):
    def __init__(self, wake: asyncio.Event, ended: asyncio.Event) -> None:
        self._wake, self._ended = wake, ended

    def data_received(self, data: bytes) -> None:
        del data
        self._wake.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended.set()


if __name__ == "__main__":
    uvloop.run(main())
