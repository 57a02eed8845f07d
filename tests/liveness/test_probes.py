"""The probes of a process, as its supervisor asks them."""

import asyncio

import httpx
import pytest

from deploy.local.ports import free_port
from libs.liveness import progress
from libs.telemetry import probes


async def well() -> str:
    await asyncio.sleep(0)
    return ""


async def test_a_process_that_is_stuck_is_not_live_though_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    serving = asyncio.create_task(probes.serve("127.0.0.1", port, well, ()))
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(
            base_url=url, transport=httpx.AsyncHTTPTransport(retries=5)
        ) as client:
            assert (await client.get("/live")).json() == {"status": "ok"}
            monkeypatch.setattr(progress, "_stuck", True)
            stuck = await client.get("/live")
            assert (await client.get("/ready")).status_code == 200
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert stuck.status_code == 503
    assert stuck.json()["status"] == "not live"
    assert "No event was settled for" in stuck.json()["detail"]
