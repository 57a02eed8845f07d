"""/metrics of a service, read as Prometheus reads it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import free_port
from libs.common import metrics
from libs.telemetry import probes
from libs.telemetry.metrics import Source, SqlGauge, of_database
from tests.support.database import Database

Samples = dict[tuple[str, ...], float]


async def scraped(
    database: Database, role: str, gauges: Sequence[SqlGauge] = (), *sources: Source
) -> Samples:
    """What the private port of this process shows of a service.

    Each value by its name and the values of its labels, these in the order of the labels' names.
    """
    asked = (of_database(database.url(role), (*metrics.GAUGES, *gauges)), *sources)
    port = free_port()
    serving = asyncio.create_task(probes.serve("127.0.0.1", port, _ready, asked))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = await _answered(client)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # we ended it
            await serving
    assert answer.status_code == 200
    return _samples(answer.text)


async def _ready() -> str:
    await asyncio.sleep(0)
    return ""


async def _answered(client: httpx.AsyncClient) -> httpx.Response:
    while True:
        try:
            return await client.get("/metrics")
        except httpx.ConnectError:
            await asyncio.sleep(0.01)


def _samples(text: str) -> Samples:
    parse: Callable[[str], Any] = text_string_to_metric_families
    return {
        (sample.name.removeprefix("trackimmo_"), *sample.labels.values()): sample.value
        for family in parse(text)
        for sample in family.samples
    }
