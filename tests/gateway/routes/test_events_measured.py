"""What streams do to the server that serves them."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from prometheus_client import REGISTRY

from services.gateway.routes import streams
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import failed
from tests.gateway.routes.streaming import Served, served, until
from tests.support.database import Database


@pytest.fixture
async def gateway(database: Database) -> AsyncGenerator[Served]:
    async with served(database) as running:
        yield running


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"trackimmo_{name}", labels) or 0.0


async def test_a_stream_is_measured_to_its_beginning_and_counted_while_it_is_open(gateway: Served):
    took = "http_request_seconds_sum", "http_request_seconds_count"
    seconds, number = (measured(name, route="/admin/events") for name in took)
    async with gateway.stream("/admin/events") as told:
        await anext(told)
        assert measured("streams", of="all") == 1
        await asyncio.sleep(1)

    async def is_over() -> bool:
        return measured(took[1], route="/admin/events") == number + 1

    await until(is_over)
    assert measured(took[0], route="/admin/events") - seconds < 0.8
    assert measured("streams", of="all") == 0


async def test_a_stream_ends_after_its_time_and_is_taken_up_again(
    gateway: Served, new_job: NewJob, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
):
    job_id = await new_job()
    path = f"/api/jobs/{job_id}/events"
    monkeypatch.setattr(streams, "LIFE_SECONDS", 0.3)
    async with asyncio.timeout(10):
        _, began = await gateway.whole(path)
    monkeypatch.undo()
    await deliver(failed(job_id, permanent=True))

    rest = await gateway.whole(path, began.id)

    assert [event.name for event in rest] == ["", "job.step", "job.ended"]


async def test_a_reader_that_left_leaves_nothing_behind(gateway: Served, new_job: NewJob):
    path = f"/api/jobs/{await new_job()}/events"
    for _ in range(5):
        async with gateway.stream(path) as told:
            await anext(told)

    async def is_empty() -> bool:
        return measured("streams", of="job") == 0

    await until(is_empty)
    assert await is_empty()
