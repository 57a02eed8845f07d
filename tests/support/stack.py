"""The composed system as `make up` runs it: five services, their servers, one supervisor."""

import asyncio
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from deploy.local import kafka
from deploy.local.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


class Stack(msgspec.Struct, frozen=True):
    """A running stack, seen from outside."""

    folder: Path
    process: subprocess.Popen[bytes]
    api: httpx.AsyncClient

    def state(self) -> dict[str, Any]:
        """Process ids, ports and addresses as the supervisor keeps them."""
        return json.loads((self.folder / "stack.json").read_text())

    def mails(self) -> list[EmailMessage]:
        """What the mail sink took, in order of arrival."""
        files = sorted((self.folder / "mail").glob("*.eml"))
        return [
            email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files
        ]

    async def register(self, number: int = 1, **changed: Any) -> str:
        """A client of ours; returns the id."""
        wanted = {
            "first_name": "Camille",
            "last_name": f"Martin {number}",
            "email": f"agent{number}@example.org",
            "subscription_type": "pro",
            "send_day": 5,
            "addresses_per_report": 10,
            "chosen_cities": ["01053"],
            "property_type_preferences": ["house", "apartment"],
        }
        answer = await self.api.post("/api/clients", json={**wanted, **changed})
        assert answer.status_code == 201, answer.text
        return answer.json()["client_id"]

    async def start_job(self, client_id: str) -> str:
        """A job of this client; returns its id."""
        answer = await self.api.post("/api/process-client", json={"client_id": client_id})
        assert answer.status_code == 200, answer.text
        return answer.json()["job_id"]

    async def finished(self, job_id: str, seconds: float = 40) -> dict[str, Any]:
        """The job once it is completed or failed."""
        return await until(lambda: self._finished(job_id), seconds)

    async def _finished(self, job_id: str) -> dict[str, Any] | None:
        answer = await self.api.get(f"/api/job-status/{job_id}")
        shown = answer.json()
        return shown if shown.get("status") in {"completed", "failed"} else None

    async def query(self, statement: str, *arguments: Any) -> list[Any]:
        """Rows of the stack's database, read as the superuser."""
        connection = await asyncpg.connect(self.state()["urls"]["database"])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


async def until(ask: Any, seconds: float = 40) -> Any:
    """The first answer that says yes; refusals to connect count as no."""
    deadline, answer = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            answer = await ask()
        except (httpx.TransportError, OSError, asyncpg.PostgresError, json.JSONDecodeError):
            answer = None
        if answer:
            return answer
        await asyncio.sleep(0.1)
    raise TimeoutError(f"nothing within {seconds} s")


@asynccontextmanager
async def running_stack(
    folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncGenerator[Stack]:
    """A stack of its own on a folder, ready; stopped at the end, whatever happened."""
    port = free_port()
    with _other_broker() as broker:
        process = _start(folder, {"GATEWAY_PORT": str(port), **broker, **(settings or {})})
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as api:
                stack = Stack(folder, process, api)
                await until(lambda: _is_ready(stack), 60)
                api.headers["X-API-Key"] = json.loads((folder / "keys.json").read_text())["API_KEY"]
                await until(lambda: _knows_cities(api), 60)
                yield stack
        finally:
            await stop(process)


@contextmanager
def _other_broker() -> Generator[dict[str, str]]:
    """Nothing, or what points a stack to an Apache Kafka of its own where KAFKA=apache says so."""
    if os.environ.get("KAFKA") != "apache":
        yield {}
        return
    with kafka.running() as servers:
        yield {"KAFKA_BOOTSTRAP_SERVERS": servers, "KAFKA_IDEMPOTENCE": "true"}


def _start(folder: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    unlimited = {"RATE_LIMIT_ENABLED": "false"}  # tests ask how a job is many times a second
    environ = {**os.environ, **unlimited, "DATA_DIR": str(folder), **settings}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up"],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )


async def stop(process: subprocess.Popen[bytes], seconds: float = 25) -> None:
    """Ask the supervisor to stop everything, and wait for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _knows_cities(api: httpx.AsyncClient) -> bool:
    return bool((await api.get("/api/cities", params={"q": "01053"})).json())


async def _is_ready(stack: Stack) -> bool:
    if stack.process.poll() is not None:
        raise RuntimeError((stack.folder / "up.log").read_text()[-3000:])
    return (await stack.api.get("/ready")).status_code == 200
