"""The running system of one run, and the hands that a scenario lays on it.

Five real services, forked; between them and Kafka, PostgreSQL and SMTP a proxy each. What dies is
started again as a supervisor would, without its failpoint.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.ports import free_port
from deploy.local.settings import SERVICES
from tests.faults.asking import PARIS, Asking
from tests.faults.environment import ADMIN_API_KEY, API_KEY, Addresses, environment
from tests.faults.ledger import Death, Ledger
from tests.faults.post import PostOffice
from tests.faults.proxy import Proxy
from tests.faults.servers import Servers
from tests.faults.site import Site
from tests.faults.zygote import Life
from tests.support.database import Database

MORNING: Final = datetime(2026, 11, 16, 8, 59, 56, tzinfo=PARIS)
"""What the injected clock shows when the services begin: some seconds before the day's ticks."""
AGAIN_SECONDS: Final = 0.3
KILLED: Final = -signal.SIGKILL

Check = Callable[[], Awaitable[None]]


class Rig(Asking):
    """One run: a database, a topic prefix, proxies, a mail server and a site of its own."""

    def __init__(
        self,
        servers: Servers,
        ledger: Ledger,
        database: Database,
        *,
        proxies: Mapping[str, Proxy],
        post: PostOffice,
        site: Site,
        folder: Path,
    ) -> None:
        self.servers, self.ledger, self.database, self.folder = servers, ledger, database, folder
        self.seed, self.prefix, self.bus = ledger.seed, ledger.prefix, servers.bus
        self.random = random.Random(ledger.seed)
        self.kafka, self.postgres, self.smtp = (
            proxies[name] for name in ("kafka", "postgres", "smtp")
        )
        self.post, self.site = post, site
        self.lives: list[Life] = []
        self.checks: list[tuple[str, Check]] = []
        self.notes: list[str] = []
        self.environ: dict[str, str] = {}
        self.mutant = ""
        """The safeguard that every process of this run lacks."""
        self.kills = self.crashes = 0
        self.loaded = asyncio.Event()
        """Set when everything that the load asks for has been accepted."""
        self._up = {service: asyncio.Event() for service in SERVICES}
        self._dismissed: set[int] = set()
        self._closing = False
        self._watching: set[asyncio.Task[None]] = set()
        self.let_up(*SERVICES)
        self._port = free_port()
        self.api, self.admin = self._client("X-API-Key"), self._client("X-Admin-Key")

    def _client(self, header: str) -> httpx.AsyncClient:
        key = API_KEY if header == "X-API-Key" else ADMIN_API_KEY
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}", timeout=15, headers={header: key}
        )

    @property
    def addresses(self) -> Addresses:
        """Where everything answers."""
        return Addresses(
            bus=self.bus,
            kafka_port=self.kafka.port,
            postgres_port=self.postgres.port,
            smtp_port=self.smtp.port,
            gateway_port=self._port,
            database=self.database.name,
            prefix=self.prefix,
            sources=self.site.sources,
            places_url=self.site.places_url,
            site=self.site.host,
            folder=self.folder,
        )

    async def start(
        self,
        service: str,
        *,
        failpoint: str = "",
        mutant: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> Life:
        """Start a service; called again it is one more replica."""
        arms = {"FAILPOINT": failpoint, "MUTANT": mutant or self.mutant}
        told = {**environment(self.addresses, service), **self.environ, **(environ or {}), **arms}
        life = await self.servers.zygote.fork(service, told, self.folder / f"{service}.log")
        self.lives.append(life)
        beside = sum(one.service == service for one in self.lives)
        self.ledger.replicas[service] = max(beside, self.ledger.replicas.get(service, 1))
        watch = asyncio.create_task(self._watch(life, mutant=mutant, environ=environ))
        self._watching.add(watch)
        watch.add_done_callback(self._watching.discard)
        return life

    async def _watch(self, life: Life, *, mutant: str, environ: Mapping[str, str] | None) -> None:
        status = await asyncio.shield(life.died)
        self.lives.remove(life)
        if self._closing or life.pid in self._dismissed:
            return
        self.ledger.deaths.append(Death(life.service, time.monotonic()))
        self.kills += status == KILLED
        self.crashes += status != KILLED
        await asyncio.sleep(AGAIN_SECONDS)
        await self._up[life.service].wait()
        await self.start(life.service, mutant=mutant, environ=environ)

    def of(self, service: str) -> Life:
        """A living process of a service, the one that started first."""
        for life in self.lives:
            if life.service == service and life.alive:
                return life
        raise LookupError(f"no {service} is alive")

    def kill(self, service: str) -> None:
        """SIGKILL; it is started again."""
        self.of(service).signal(signal.SIGKILL)

    def pause(self, service: str) -> Life:
        """SIGSTOP: alive, and it does nothing."""
        life = self.of(service)
        life.signal(signal.SIGSTOP)
        return life

    async def stop(self, service: str) -> int:
        """SIGTERM, for good; its exit status."""
        return await self.dismiss(self.of(service))

    async def dismiss(self, life: Life, seconds: float = 90) -> int:
        """SIGTERM to one process, for good; its exit status."""
        self._dismissed.add(life.pid)
        life.signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await asyncio.shield(life.died)

    def keep_down(self, *services: str) -> None:
        """Kill every process of these services and start none until they are let up."""
        for service in services:
            self._up[service].clear()
        for life in [life for life in self.lives if life.service in services]:
            life.signal(signal.SIGKILL)

    def let_up(self, *services: str) -> None:
        for service in services:
            self._up[service].set()

    async def produce(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Put a record on a topic of this run, past the system."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bus, max_request_size=15 * 1024 * 1024)
        await producer.start()
        try:
            await producer.send_and_wait(
                f"{self.prefix}{topic}", value, key=key, headers=list(headers)
            )
        finally:
            await producer.stop()

    def expect(self, says: str, check: Check) -> None:
        """Have something judged when all is quiet; the check raises `Violated`."""
        self.checks.append((says, check))

    def note(self, text: str) -> None:
        """Have the result say something."""
        self.notes.append(text)

    async def close(self) -> None:
        """Every process of this run is gone when this returns."""
        self._closing = True
        for watch in self._watching:
            watch.cancel()
        for life in list(self.lives):
            life.signal(signal.SIGKILL)
        await asyncio.gather(*(asyncio.shield(life.died) for life in self.lives))
        await self.api.aclose()
        await self.admin.aclose()
