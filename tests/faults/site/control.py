"""The site of one run, and the switches of what it does to its readers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from threading import Thread

from tests.faults.site.faults import NAMES
from tests.faults.site.server import Fault, FaultyPublisher, Where

POLL_SECONDS = 0.05


class Site:
    """Publishes the sales of one seed, on a port of its own."""

    def __init__(self, seed: int = 1) -> None:
        self._publisher = FaultyPublisher(seed)

    @property
    def host(self) -> str:
        """With the port: what EGRESS_ALLOW must name."""
        return f"{self._publisher.host}:{self._publisher.server_port}"

    @property
    def sources(self) -> str:
        """For SALES_SOURCES."""
        files = "geo-dvf/{year}/communes/{department}/{insee}.csv"
        return f"geo-dvf=http://{self.host}/{files}"

    @property
    def places_url(self) -> str:
        """For PLACES_URL."""
        return f"http://{self.host}/places/communes.csv"

    @property
    def geocoder_url(self) -> str:
        """For GEOCODER_URL."""
        return f"http://{self.host}/geocodage"

    @property
    def asked(self) -> list[str]:
        """The last requests, like `GET /places/communes.csv`."""
        return [*self._publisher.asked]

    def fault(
        self, name: str, *, times: float = float("inf"), where: Where = "sales", of: str = ""
    ) -> Fault:
        """Answer so from now on: so many times, or until `heal`.

        `of` is part of the path of the requests that alone are meant, like `01053` or `/2019/`.
        """
        if name not in NAMES:
            raise ValueError(f"{name} is no fault; there are {', '.join(sorted(NAMES))}")
        fault = Fault(name, where, of, times, asyncio.Event(), asyncio.get_running_loop())
        self._publisher.add(fault)
        return fault

    def drop(self, *names: str) -> None:
        """Take every file and folder of these names (`2021`, `01053.csv`) off the site, for good."""
        self._publisher.drop(*names)

    def heal(self) -> None:
        """No faults any more."""
        self._publisher.heal()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Site"]:
        """Serve until the end."""
        serving = Thread(target=self._publisher.serve_forever, args=(POLL_SECONDS,), daemon=True)
        serving.start()
        try:
            yield self
        finally:
            self.heal()
            await asyncio.to_thread(self._publisher.shutdown)
            self._publisher.server_close()
