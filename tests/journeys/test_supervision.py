"""The stack stops as a whole, however its supervisor ends, and its data survive."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.stack import running_stack, stop, until

pytestmark = [pytest.mark.journey, pytest.mark.any_broker, pytest.mark.slow]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


async def test_a_restart_keeps_clients_and_what_they_received(tmp_path: Path) -> None:
    async with running_stack(tmp_path) as stack:
        client_id = await stack.register(1)
        await stack.finished(await stack.start_job(client_id))
        before = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
        pids = list(stack.state()["pids"].values())
        began = time.monotonic()
        await stop(stack.process)
        assert time.monotonic() - began < 20
        assert not any(alive(pid) for pid in pids)

    async with running_stack(tmp_path) as stack:
        after = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
        assert after == before
        job = await stack.finished(await stack.start_job(client_id))
        assert job["properties_assigned"] == 10
        shown = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
        assert len({home["address_id"] for home in shown["properties"]}) == 20


async def test_no_process_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    async with running_stack(tmp_path) as stack:
        pids = list(stack.state()["pids"].values())
        os.kill(stack.process.pid, signal.SIGKILL)
        await asyncio.to_thread(stack.process.wait)

        async def gone() -> bool:
            return not any(alive(pid) for pid in pids)

        assert await until(gone, 20)
