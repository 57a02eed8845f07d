"""A job that fails every time is tried four times, then a person hears of it, once.

The clock is the database's, moved for all its sessions at once; all else is the running stack.
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from deploy.simulator import serving
from tests.support.stack import Stack, running_stack, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]

PARIS = ZoneInfo("Europe/Paris")
GOOD, BROKEN = "01/01053", "64/64260"
YEARS = range(2017, 2023)
LOOPS_SECONDS = 2.5
"""In which each loop of the stack has looked at the clock."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    files = tmp_path_factory.mktemp("files")
    settings = {
        "SALES_SOURCES": f"geo-dvf=file://{files}/{{year}}/{{department}}/{{insee}}.csv",
        "PLACES_URL": f"file://{files}/communes.csv",
    }
    await asyncio.to_thread(publish, files)
    async with running_stack(tmp_path_factory.mktemp("ladder"), settings) as started:
        yield started


def publish(files: Path) -> None:
    """One city whose files are good, one that shows an error page instead."""
    with serving() as publisher:
        places = httpx.get(f"{publisher.url}/places/communes.csv")
        (files / "communes.csv").write_bytes(places.content)
        for year in YEARS:
            sales = httpx.get(f"{publisher.url}/geo-dvf/{year}/communes/{GOOD}.csv")
            for path, content in ((GOOD, sales.content), (BROKEN, b"<!doctype html><html>")):
                target = files / str(year) / f"{path}.csv"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)


async def set_clock(stack: Stack, at: datetime) -> None:
    """Have every session of the stack believe that it is now then."""
    offset = (at - datetime.now(UTC)).total_seconds()
    await stack.query(f"alter system set trackimmo.clock_offset = '{offset} seconds'")
    await stack.query("select pg_reload_conf()")

    async def believed() -> bool:
        [row] = await stack.query("select public.clock() as now")
        return abs((row["now"] - at).total_seconds()) < LOOPS_SECONDS

    await until(believed)


async def status(stack: Stack, job_id: str) -> dict[str, Any]:
    return (await stack.api.get(f"/api/job-status/{job_id}")).json()


async def ran(stack: Stack, job_id: str, run: int) -> dict[str, Any]:
    """The job once this run of it has ended."""

    async def ended() -> dict[str, Any] | None:
        shown = await status(stack, job_id)
        attempts = shown["progress"]["attempts"]
        return shown if len(attempts) == run and attempts[-1]["ended_at"] else None

    return await until(ended)


def read(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def alerts(stack: Stack) -> list[str]:
    return [m["Subject"] for m in stack.mails() if "en échec" in m["Subject"]]


async def climb(stack: Stack, job_id: str, run: int, hours: int) -> None:
    """Wait for the next run: not a minute early, and at its hour."""
    waits = await status(stack, job_id)
    due = read(waits["progress"]["next_attempt_at"])
    ended = read(waits["progress"]["attempts"][-1]["ended_at"])
    assert waits["status"] == "pending"
    assert timedelta() <= due - ended - timedelta(hours=hours) < timedelta(seconds=5)
    await set_clock(stack, due - timedelta(minutes=1))
    await asyncio.sleep(LOOPS_SECONDS)
    assert len((await status(stack, job_id))["progress"]["attempts"]) == run - 1
    await set_clock(stack, due + timedelta(seconds=1))
    await ran(stack, job_id, run)


async def test_four_runs_then_one_alert_and_the_send_day_between_them_delivers(
    stack: Stack,
) -> None:
    tomorrow = (datetime.now(PARIS) + timedelta(days=1)).date()
    await set_clock(stack, datetime.combine(tomorrow, time(7, 30), PARIS))
    client_id = await stack.register(
        1,
        chosen_cities=["01053", "64260"],
        addresses_per_report=1000,
        send_day=tomorrow.day,
    )
    job_id = await stack.start_job(client_id)
    await ran(stack, job_id, 1)
    fewer = await stack.api.patch(f"/api/clients/{client_id}", json={"addresses_per_report": 5})
    assert fewer.status_code == 200

    await climb(stack, job_id, 2, hours=1)
    await set_clock(stack, datetime.combine(tomorrow, time(9, 0, 1), PARIS))
    delivered = await until(lambda: scheduled(stack, client_id))
    assert (delivered["status"], delivered["properties_assigned"]) == ("completed", 5)
    await climb(stack, job_id, 3, hours=2)
    assert alerts(stack) == []
    await climb(stack, job_id, 4, hours=4)

    job = await stack.finished(job_id)
    attempts = job["progress"]["attempts"]
    assert job["status"] == "failed"
    assert [(a["run"], a["attempt"], a["status"], a["step"]) for a in attempts] == [
        (number, number, "failed", "scrape") for number in (1, 2, 3, 4)
    ]
    assert {a["reason"] for a in attempts} == {job["error_message"]}
    await set_clock(stack, datetime.combine(tomorrow, time(20), PARIS))
    await until(lambda: settled(stack))
    await asyncio.sleep(LOOPS_SECONDS)
    assert alerts(stack) == ["[TrackImmo] Traitement en échec après 4 tentatives"]
    assert len((await status(stack, job_id))["progress"]["attempts"]) == 4


async def scheduled(stack: Stack, client_id: str) -> dict[str, Any] | None:
    """The delivery of the month, once it has ended."""
    rows = await stack.query(
        "select job_id::text from gateway.monthly_delivery where client_id = $1::uuid", client_id
    )
    jobs = [await status(stack, row["job_id"]) for row in rows]
    ended = [job for job in jobs if job["status"] in {"completed", "failed"}]
    assert len(rows) < 2
    return ended[0] if ended else None


async def settled(stack: Stack) -> bool:
    rows = await stack.query("select state from notifier.mail where kind = 'error'")
    return [row["state"] for row in rows] == ["sent"]
