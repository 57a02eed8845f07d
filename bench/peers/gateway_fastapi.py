"""Two routes of the gateway the usual way: FastAPI on uvicorn with httptools and uvloop.

`DATABASE_URL PORT LOG`, with API_KEY in the environment: the same tables and the same statements, the
key and the limit in a dependency, pydantic models as answers, one line of log a request. Its best
settings: one connection of the pool for both statements of a request, the limit counted by one
statement without waiting for the disk, no access log, pure ASGI middleware instead of FastAPI's.
"""

import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import structlog
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict

from bench.peers.gateway_models import JobStatus
from libs.common import outbox
from libs.common.events import ClientProcess
from libs.telemetry import log as logging
from services.gateway.domain.attempts import attempts
from services.gateway.domain.progress import progress
from services.gateway.repository import jobs

LIMIT, WINDOW_SECONDS = 1_000_000_000, 3600
CONNECTIONS = 20
RATE = """
    insert into rate as known (key_hash, requests) values ($1, 1)
    on conflict (key_hash) do update set
      began_at = case when known.began_at + $2 <= excluded.began_at
        then excluded.began_at else known.began_at end,
      requests = 1 + case when known.began_at + $2 <= excluded.began_at then 0 else known.requests end
    returning requests,
      greatest(1, ceil(extract(epoch from began_at + $2 - public.clock())))::bigint as seconds_left,
      set_config('synchronous_commit', 'off', true)
"""

log = structlog.get_logger()


class ProcessClient(BaseModel):
    """Whose delivery to start."""

    model_config = ConfigDict(extra="forbid")
    client_id: UUID


class JobAnswer(BaseModel):
    """The job that answers the request."""

    success: bool = True
    job_id: UUID
    client_id: UUID
    message: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Connections while the application serves."""
    async with asyncpg.create_pool(
        sys.argv[1], min_size=CONNECTIONS, max_size=CONNECTIONS, init=prepare
    ) as pool:
        app.state.pool = pool
        yield


async def prepare(connection: asyncpg.Connection) -> None:
    """Write jsonb from Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )


EXPECTED = hashlib.sha256(os.environ["API_KEY"].encode()).digest()
WINDOW = timedelta(seconds=WINDOW_SECONDS)


async def counted(
    request: Request,
    response: Response,
    key: Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))],
) -> AsyncGenerator[asyncpg.Connection]:
    """A connection for who brings the key and has requests left."""
    sent = hashlib.sha256((key or "").encode()).digest()
    if not hmac.compare_digest(sent, EXPECTED):
        raise HTTPException(401, "Send your key in the header X-API-Key")
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(RATE, sent, WINDOW)
        response.headers["RateLimit-Limit"] = str(LIMIT)
        response.headers["RateLimit-Remaining"] = str(max(0, LIMIT - row["requests"]))
        response.headers["RateLimit-Reset"] = str(row["seconds_left"])
        if row["requests"] > LIMIT:
            raise HTTPException(429, headers={"Retry-After": str(row["seconds_left"])})
        yield connection


Counted = Annotated[asyncpg.Connection, Depends(counted)]
app = FastAPI(lifespan=lifespan)


@app.get("/api/job-status/{job_id}")
async def job_status(job_id: UUID, connection: Counted) -> JobStatus:
    """How a job is; `progress` tells each step of its present run."""
    row = await connection.fetchrow(jobs.STATUS, job_id)
    if row is None:
        raise HTTPException(404, f"Job {job_id} not found")
    movements = jobs.MOVEMENTS.decode(row["movements"] or "[]")
    shown = progress(
        [movement for movement in movements if movement.run == row["run"]],
        attempt=row["attempt"],
        next_attempt_at=row["next_attempt_at"],
        attempts=attempts(movements),
    )
    return JobStatus.model_validate({**row, "progress": shown})


@app.post("/api/process-client")
async def process_client(data: ProcessClient, connection: Counted) -> JobAnswer:
    """Start a delivery for an active client, or name the one under way."""
    async with connection.transaction():
        client = await connection.fetchrow(jobs.OPEN, data.client_id)
        if client is None:
            raise HTTPException(404, f"Client {data.client_id} not found or inactive")
        if client["id"]:
            return JobAnswer(
                job_id=client["id"], client_id=data.client_id, message="Job already in progress"
            )
        row = await connection.fetchrow(
            jobs.START, uuid4(), data.client_id, "process", None, secrets.randbits(53)
        )
        event = msgspec.convert(dict(row), ClientProcess)
        written = (event.topic, event.key, event.type, msgspec.json.encode(event))
        headers = {"correlation_id": str(event.job_id)}
        await connection.execute(
            outbox.WRITE, [uuid4()], *([value] for value in written), [headers]
        )
    return JobAnswer(job_id=event.job_id, client_id=event.client_id, message="Processing started")


class Logged:
    """One line a request, and its id in the answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, then log."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, began, status = str(uuid4()), time.perf_counter(), 500

        async def send_on(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        finally:
            took = round((time.perf_counter() - began) * 1000, 1)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=took,
                request_id=request_id,
            )


app.add_middleware(Logged)


class Server(uvicorn.Server):
    """Says that it is ready."""

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        print(json.dumps({"port": int(sys.argv[2])}), flush=True)


if __name__ == "__main__":
    with Path(sys.argv[3]).open("wb") as file:  # where its lines go
        os.dup2(file.fileno(), sys.stderr.fileno())
    logging.configure("peer")
    Server(
        uvicorn.Config(
            app, port=int(sys.argv[2]), loop="uvloop", http="httptools", access_log=False,
            log_config=None,
        )
    ).run()  # fmt: skip
