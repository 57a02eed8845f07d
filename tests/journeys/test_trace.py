"""One request by hand, and what is seen of it: its trace from the answer to the mail, and metrics."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.settings import SERVICES
from tests.support.stack import Stack, running_stack, until
from tests.telemetry.collector import Span, collecting

pytestmark = [pytest.mark.journey, pytest.mark.any_broker]

BY_HAND = {"SCHEDULER_ENABLED": "false"}
"""Today's tick is requested, whatever the hour is."""

PATH = (
    ("gateway", "POST /admin/schedule/run"),
    ("gateway", "trackimmo.schedule.send_day.v1"),
    ("scraper", "trackimmo.client.process.v1"),
    ("assigner", "trackimmo.properties.ready.v1"),
    ("notifier", "trackimmo.properties.assigned.v1"),
    ("notifier", "smtp"),
)
"""Each is the parent of the next."""

EVERYWHERE = (
    "outbox_unpublished", "outbox_oldest_seconds", "outbox_published_total",
    "outbox_failures_total", "inbox_duplicates_total", "held_messages", "events_handled_total",
    "batch_seconds", "consumer_last_success_timestamp_seconds",
)  # fmt: skip
OWN = {
    "gateway": (
        "jobs", "job_step_seconds", "http_requests_total", "http_request_seconds", "consumer_lag",
    ),
    "scraper": (
        "sales_rejected_total", "downloads_total", "refreshes", "refresh_oldest_seconds",
        "stalest_city_seconds", "consumer_lag",
    ),
    "assigner": ("consumer_lag",),
    "notifier": ("mails", "smtp_replies_total", "mail_seconds", "consumer_lag"),
    "scheduler": ("tick_lateness_seconds",),
}  # fmt: skip


async def test_the_trace_of_an_answer_is_found_in_every_log_and_in_the_mails_attempt(
    tmp_path: Path,
) -> None:
    async with running_stack(tmp_path / "stack", BY_HAND) as stack:
        trace_id, client_id = await deliver_today(stack)
        attempts = await attempted(stack, client_id)
        lines = {name: await logged(stack, name, trace_id) for name in SERVICES}
        pages = {name: await page(stack, name) for name in SERVICES}

    assert [attempt["trace_id"] for attempt in attempts] == [trace_id]
    told = {name: {line["event"] for line in found} for name, found in lines.items()}
    assert {"request", "events_handled", "events_published"} <= told["gateway"]
    assert "events_published" in told["scheduler"]
    assert {"events_handled", "events_published"} <= told["scraper"] & told["assigner"]
    assert {"events_handled", "mail_tried", "events_published"} <= told["notifier"]
    for name, shown in pages.items():
        assert "trackimmo_metrics_failed 0.0" in shown, name
        assert metrics_on(shown) >= {*EVERYWHERE, *OWN[name]}, name


async def test_a_collector_sees_one_trace_from_the_request_to_the_mail(tmp_path: Path) -> None:
    async with collecting() as collector:
        told = {**BY_HAND, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        async with running_stack(tmp_path / "stack", told) as stack:
            trace_id, client_id = await deliver_today(stack)
            await attempted(stack, client_id)
            await collected(collector.spans, trace_id)
        spans = of_trace(collector.spans, trace_id)

    parent_id = ""
    for service, name in PATH:
        [span] = spans[service, name]
        assert span.parent_id == parent_id, name
        parent_id = span.span_id
    [settled] = spans["gateway", "trackimmo.mail.settled.v1"]
    [asked] = spans["notifier", "trackimmo.properties.assigned.v1"]
    assert settled.parent_id == asked.span_id


async def deliver_today(stack: Stack) -> tuple[str, str]:
    """Have today's client delivered by hand; the trace of the answer, and the client."""
    [row] = await stack.query("select (public.clock() at time zone 'Europe/Paris')::date as today")
    client_id = await stack.register(send_day=row["today"].day)
    keys = json.loads((stack.folder / "keys.json").read_text())
    answer = await stack.api.post(
        "/admin/schedule/run",
        json={"kind": "send_day", "date": row["today"].isoformat(), "dry_run": False},
        headers={"X-Admin-Key": keys["ADMIN_API_KEY"]},
    )
    assert (answer.status_code, answer.json()["tick"]) == (200, "new"), answer.text
    return answer.headers["traceparent"].split("-")[1], client_id


async def attempted(stack: Stack, client_id: str) -> list[Any]:
    """The tries of the notification, once it is sent and its job knows."""
    done = "select 1 from gateway.job where client_id = $1::uuid and status = 'completed'"
    await until(lambda: stack.query(done, client_id))
    return await stack.query(
        """select trace_id from notifier.mail_attempt
           join notifier.mail on mail.id = mail_id
           where kind = 'notification' and client_id = $1::uuid""",
        client_id,
    )


async def logged(stack: Stack, service: str, trace_id: str) -> list[dict[str, Any]]:
    """The lines of a service that name the trace."""

    async def found() -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return [line for line in lines(stack, service) if names(line, trace_id)]

    return await until(found)


def lines(stack: Stack, service: str) -> Iterator[dict[str, Any]]:
    for text in (stack.folder / "log" / f"{service}.log").read_text().splitlines():
        if text.startswith("{"):
            yield json.loads(text)


def names(line: dict[str, Any], trace_id: str) -> bool:
    return trace_id == line.get("trace_id") or trace_id in line.get("trace_ids", [])


async def page(stack: Stack, service: str) -> str:
    async with httpx.AsyncClient(base_url=stack.state()["urls"][f"{service}.probes"]) as client:
        return (await client.get("/metrics")).text


def metrics_on(shown: str) -> set[str]:
    return set(re.findall(r"^# TYPE trackimmo_(\w+) ", shown, re.MULTILINE))


async def collected(spans: list[Span], trace_id: str) -> None:
    async def complete() -> bool:
        await asyncio.sleep(0)
        return of_trace(spans, trace_id).keys() >= {*PATH, ("gateway", "trackimmo.mail.settled.v1")}

    await until(complete)


def of_trace(spans: list[Span], trace_id: str) -> dict[tuple[str, str], list[Span]]:
    found: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        if span.trace_id == trace_id:
            found.setdefault((span.service, span.name), []).append(span)
    return found
