"""/live, /ready and /metrics on the private port of a service."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from libs.liveness import progress
from libs.telemetry import metrics

DRAIN_SECONDS: Final = 5

Problem = str
Ready = Callable[[], Awaitable[Problem]]
"""Answers with what is missing, or with nothing."""


async def serve(host: str, port: int, ready: Ready, sources: Sequence[metrics.Source]) -> None:
    """Answer the probes until cancelled."""
    await serve_app(_app(ready, sources), host, port)


async def serve_app(app: Any, host: str, port: int) -> None:
    """Serve an ASGI application until cancelled; requests under way are answered first."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the service's business, not uvicorn's."""
        yield


def _app(ready: Ready, sources: Sequence[metrics.Source]) -> Any:
    async def answer(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, content_type, body = await _answer(scope["path"], ready, sources)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


async def _answer(
    path: str, ready: Ready, sources: Sequence[metrics.Source]
) -> tuple[int, bytes, bytes]:
    if path == "/live":
        return _probed("not live", progress.problem())
    if path == "/ready":
        return _probed("not ready", await ready())
    if path == "/metrics":
        return 200, metrics.CONTENT_TYPE, await metrics.page(sources)
    return 404, b"application/json", b'{"detail":"/live, /ready or /metrics"}'


def _probed(status: str, problem: Problem) -> tuple[int, bytes, bytes]:
    body = {"status": status, "detail": problem} if problem else {"status": "ok"}
    return 503 if problem else 200, b"application/json", json.dumps(body).encode()
