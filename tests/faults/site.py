"""The sales site of a run: the simulated publisher, with faults that begin and end while it runs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from deploy.simulator import serving


class Site:
    """Publishes the sales of one seed, on a port of its own."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.host = ""
        """With the port: what EGRESS_ALLOW must name."""

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

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Site"]:
        """Serve until the end."""
        server = serving(seed=self.seed)
        publisher = await asyncio.to_thread(server.__enter__)
        self.host = f"{publisher.host}:{publisher.server_port}"
        try:
            yield self
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)
