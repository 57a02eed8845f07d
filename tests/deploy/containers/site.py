"""One machine's stand-ins for what containers call postgres, kafka and /run/secrets."""

import asyncio
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import asyncpg
import httpx
import msgspec

from deploy.local import postgres
from deploy.local.ports import free_port
from tests.deploy.containers import compose as composed
from tests.deploy.containers.dockerfile import ROOT
from tests.deploy.containers.image import Made
from tests.support.bus import Bus, running_bus
from tests.support.database import CARELESS

SECONDS = 60


class Site(msgspec.Struct, frozen=True):
    """Where containers would be, and what they are told there."""

    folder: Path
    server: postgres.Postgres
    bus: Bus

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def told(self, container: str, **other: str) -> dict[str, str]:
        """What a container is told, with our addresses for its own."""
        addresses = {
            "@postgres:5432": f"@127.0.0.1:{self.server.port}",
            "kafka:9092": self.bus.bootstrap_servers,
            composed.SECRETS: f"{self.secrets}/",
            "/data": str(self.folder),
        }
        service = composed.present()["services"][container]
        told = composed.environment(service, composed.OPERATOR)
        here = {name: _replaced(text, addresses) for name, text in told.items()}
        return {**here, "SECRETS": str(self.secrets), **other}

    def job(self, image: Made, name: str) -> str:
        """What a job says that runs to its end; it must succeed."""
        log = self.folder / f"{name}.log"
        returned = image.start(self.told(name), log).wait(SECONDS)
        said = log.read_text()
        assert returned == 0, said
        return said

    def give_passwords(self) -> None:
        """What the container `passwords` does."""
        told = self.told("passwords", PGHOST="127.0.0.1", PGPORT=str(self.server.port))
        path = f"{postgres._binaries()}:/usr/bin:/bin"
        script = ROOT / "deploy" / "containers" / "passwords.sh"
        subprocess.run(["sh", script], env={**told, "PATH": path}, check=True, timeout=SECONDS)

    @contextmanager
    def service(self, image: Made, name: str) -> Generator[str]:
        """The port of a running service's probes; told to end, it must end well."""
        port = str(free_port())
        own = {
            "METRICS_PORT": port,
            "METRICS_HOST": "127.0.0.1",
            "GATEWAY_PORT": "0",
            "GATEWAY_HOST": "127.0.0.1",
            "PLACES_URL": "file:///nowhere.csv",
            "KAFKA_IDEMPOTENCE": str(self.bus.idempotence),
        }
        process = image.start(self.told(name, **own), self.log(name))
        try:
            yield port
            process.terminate()
            assert process.wait(SECONDS) == 0, self.log(name).read_text()
        finally:
            process.kill()
            process.wait()

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def await_ready(self, name: str, port: str) -> None:
        """Returns when the service says that it is ready."""
        deadline = monotonic() + SECONDS
        while not _answers(f"http://127.0.0.1:{port}/ready"):
            assert monotonic() < deadline, self.log(name).read_text()
            sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def _replaced(text: str, addresses: Mapping[str, str]) -> str:
    for ours, theirs in addresses.items():
        text = text.replace(ours, theirs)
    return text


@contextmanager
def site(folder: Path) -> Generator[Site]:
    """An empty database that asks everybody for a password, an empty broker, and secrets."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in composed.present()["secrets"]:
        held = "" if name == "smtp_password" else f"{name}: 'it' \\ holds"
        (secrets / name).write_text(f"{held}\n")
    data = folder / "postgres"
    server = postgres.start(data, options=CARELESS)
    try:
        asyncio.run(_guard(server.url(), data, (secrets / "postgres_password").read_text().strip()))
        with running_bus() as bus:
            yield Site(folder=folder, server=server, bus=bus)
    finally:
        server.stop()


async def _guard(url: str, data: Path, password: str) -> None:
    admin = await asyncpg.connect(url)
    await admin.execute("create database trackimmo")
    quoted = await admin.fetchval("select quote_literal($1::text)", password)
    await admin.execute(f"alter role postgres password {quoted}")
    (data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    await admin.execute("select pg_reload_conf()")
    await admin.close()
