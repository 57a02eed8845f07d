"""The five services as processes of their own, beside the servers that a benchmark has started."""

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import msgspec

from bench.clients import write_places
from bench.cluster import Database
from bench.context import NOTHING, ROOT, Broker
from bench.errors import BenchError
from bench.waiting import until
from deploy.local import child
from deploy.local.ports import answers, free_port

SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Running services and their mail sink, by name."""

    processes: Mapping[str, subprocess.Popen[bytes]]
    api_url: str
    api_key: str
    sink_port: int

    def pids(self) -> dict[str, int]:
        """The sink's among them; `BenchError` if one of them has ended."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        if ended:
            raise BenchError(f"Ended by themselves: {', '.join(ended)}; see their logs.")
        return {name: process.pid for name, process in self.processes.items()}


@asynccontextmanager
async def sink(folder: Path) -> AsyncGenerator[tuple[int, subprocess.Popen[bytes]]]:
    """A mail sink of one's own: its port, and its process."""
    port = free_port()
    process = _start(("-m", "bench.sink", str(port)), {}, folder / "sink.log")

    async def listens() -> bool:
        return answers(port)

    try:
        await until(listens, "mail sink")
        yield port, process
    finally:
        _stop([process])


@asynccontextmanager
async def running(
    database: Database,
    broker: Broker,
    folder: Path,
    *,
    names: Sequence[str] = SERVICES,
    settings: Mapping[str, str] = NOTHING,
) -> AsyncGenerator[Services]:
    """The five services, ready, each a process of its own; their logs lie in the folder."""
    api_key, gateway_port = secrets.token_urlsafe(32), free_port()
    async with sink(folder) as (sink_port, sink_process):
        told = _environment(broker, sink_port, folder)
        told |= {"API_KEY": api_key, "GATEWAY_PORT": str(gateway_port), **settings}
        ports = {name: free_port() for name in names}
        processes = {
            name: _start(
                ("-m", f"services.{name}.main"),
                {**told, "DATABASE_URL": database.url(name), "METRICS_PORT": str(ports[name])},
                folder / f"{name}.log",
            )
            for name in names
        }
        try:
            await _all_ready(ports)
            yield Services(
                processes={**processes, "sink": sink_process},
                api_url=f"http://127.0.0.1:{gateway_port}",
                api_key=api_key,
                sink_port=sink_port,
            )
        finally:
            _stop(processes.values())


def _environment(broker: Broker, sink_port: int, folder: Path) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "KAFKA_IDEMPOTENCE": str(broker.idempotence).lower(),
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_PORT": str(sink_port),
        "SMTP_SECURITY": "none",
        "EMAIL_SENDER": "TrackImmo <bonjour@trackimmo.test>",
        "CTO_EMAIL": "cto@trackimmo.test",
        "SECRET_KEY": secrets.token_urlsafe(32),
        "SCHEDULER_ENABLED": "false",  # the tick of a benchmark is requested
        "DATA_DIR": str(folder),
        "PLACES_URL": write_places(folder).as_uri(),
    }


def _start(
    arguments: Sequence[str], settings: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        return subprocess.Popen(
            child.command_line(sys.executable, *arguments),
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def _stop(processes: Collection[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _all_ready(ports: Mapping[str, int]) -> None:
    async with httpx.AsyncClient() as client:
        for name, port in ports.items():
            ready = partial(_is_ready, client, port)
            await until(ready, f"{name} that is ready", every=0.1)


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/ready")).is_success
    except httpx.TransportError:
        return False
