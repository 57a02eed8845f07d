"""A running stack in which everything of the page happens, and what was said there."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from aiokafka import AIOKafkaProducer

from libs.common.ids import uuid7
from tests.interface.page import operations
from tests.interface.recorder import Recorder
from tests.support.stack import Stack, running_stack, until

NOBODY = "0199c0de-0000-7000-8000-00000000dead"


class World(msgspec.Struct, frozen=True):
    """A stack, what is heard of it, and a client who has received something."""

    stack: Stack
    heard: Recorder
    client_id: str

    @property
    def api(self) -> httpx.AsyncClient:
        return self.stack.api

    async def ask(self, method: str, path: str, *expected: int, **given: Any) -> Any:
        """The JSON of an answer with one of these statuses (200 unless said)."""
        answer = await self.api.request(method, path, **given)
        assert answer.status_code in (expected or (200,)), f"{method} {path}: {answer.text[:500]}"
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    async def link(self, page: str) -> str:
        """The path of a link to this page in the newest mail to our client that has one."""

        async def found() -> str | None:
            mine = [mail for mail in self.stack.mails() if "agent1@example.org" in mail["To"]]
            for mail in reversed(mine):
                part = mail.get_body(("plain",))
                links = re.findall(
                    rf"https?://[^/\s]+(/{page}/\S+)", part.get_content() if part else ""
                )
                if links:
                    return links[0]
            return None

        return await until(found)

    @contextmanager
    def paused(self, service: str) -> Generator[None]:
        """Nothing is done by this service meanwhile; what it is asked for waits."""
        pid = self.stack.state()["pids"][service]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def publish(self, topic: str, value: bytes, *, type_: str = "", key: str = "x") -> None:
        """A message as a service would, or nobody should, send it."""
        headers = {"ce_id": str(uuid7()), "ce_type": type_, "ce_specversion": "1.0"}
        producer = AIOKafkaProducer(bootstrap_servers=self.stack.state()["urls"]["kafka"])
        await producer.start()
        try:
            await producer.send_and_wait(
                topic,
                value,
                key=key.encode(),
                headers=[(name, said.encode()) for name, said in headers.items()],
            )
        finally:
            await producer.stop()

    async def fail(self, job_id: str, reason: str, *, permanent: bool = False) -> None:
        """Say that the present run of a job has failed to scrape; returns when that is known."""
        [job] = await self.stack.query("select * from gateway.job where id = $1", UUID(job_id))
        told: dict[str, Any] = {
            "job_id": job_id,
            "client_id": str(job["client_id"]),
            "kind": job["kind"],
            "run": job["run"],
            "ladder": job["ladder"],
            "step": "scrape",
            "permanent": permanent,
            "reason": reason,
        }
        raw = json.dumps(told).encode()
        await self.publish(
            "step.failed", raw, type_="trackimmo.step.failed.v1", key=str(job["client_id"])
        )

        async def known() -> bool:
            shown = (await self.api.get(f"/api/job-status/{job_id}")).json()
            return shown["status"] in {"pending", "failed"}

        await until(known)

    async def delivered(self, client_id: str) -> str:
        """A job of this client, with its mail sent; returns its id."""
        job_id = await self.stack.start_job(client_id)
        job = await self.stack.finished(job_id)
        assert job["status"] == "completed", job
        return job_id

    async def register(self, **changed: Any) -> str:
        """A client nobody else uses."""
        return await self.stack.register(email=f"{uuid4().hex}@agence.example", **changed)


@asynccontextmanager
async def world(folder: Path) -> AsyncGenerator[World]:
    """The stack with its first client, everything that is said to it heard."""
    heard = Recorder(operations())
    by_hand = {"SCHEDULER_ENABLED": "false"}  # whatever the hour is
    async with running_stack(folder, by_hand) as stack:
        stack.api.event_hooks["response"].append(heard.hear)
        keys = json.loads((folder / "keys.json").read_text())
        stack.api.headers["X-Admin-Key"] = keys["ADMIN_API_KEY"]
        client_id = await stack.register(1)
        here = World(stack, heard, client_id)
        await here.delivered(client_id)
        yield here


async def first_event(
    api: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None
) -> str:
    """The lines of the first event of a stream."""
    lines: list[str] = []
    async with asyncio.timeout(20), api.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, path
        async for line in answer.aiter_lines():
            lines.append(line)
            if line.startswith("data:"):
                break
    return "\n".join(lines)
