"""Spans reach a collector, and harm nobody when it is away."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator

import pytest
from structlog.testing import capture_logs

from libs.common import service
from libs.telemetry import traces
from tests.telemetry.collector import collecting

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def _off_again() -> Generator[None]:
    yield
    traces.stop()


async def test_a_span_joins_the_trace_of_its_parent() -> None:
    async with collecting() as collector:
        traces.start("gateway", collector.endpoint)
        with traces.around("consumer", [("handled", PARENT, {"job_id": "7"}), ("alone", "", {})]):
            pass
        spans = {span.name: span for span in await collector.until(2)}

    handled, alone = spans["handled"], spans["alone"]
    assert (handled.service, handled.trace_id) == ("gateway", TRACE_ID)
    assert handled.parent_id == "b7ad6b7169203331"
    assert alone.trace_id != TRACE_ID
    assert alone.parent_id == ""


async def test_work_that_fails_is_marked() -> None:
    async with collecting() as collector:
        traces.start("notifier", collector.endpoint)
        with pytest.raises(ConnectionError), traces.around("client", [("smtp", PARENT, {})]):
            raise ConnectionError
        [span] = await collector.until(1)

    assert span.failed


async def test_what_its_caller_does_not_record_is_not_recorded() -> None:
    async with collecting() as collector:
        traces.start("gateway", collector.endpoint)
        with traces.around("consumer", [("quiet", PARENT[:-1] + "0", {})]) as (own,):
            assert own.startswith(f"00-{TRACE_ID}-")
            assert own.endswith("-00")
        with traces.around("consumer", [("loud", PARENT, {})]):
            pass
        spans = await collector.until(1)

    assert [span.name for span in spans] == ["loud"]


async def test_a_collector_that_is_away_costs_neither_time_nor_more_than_a_line() -> None:
    traces.start("gateway", "http://127.0.0.1:1")

    began = time.monotonic()
    with capture_logs() as lines:
        for _ in range(5000):  # more than are kept
            with traces.around("consumer", [("lost", PARENT, {})]):
                pass
        await asyncio.sleep(0)
        recorded = time.monotonic() - began
        traces.stop()

    assert not [thread for thread in threading.enumerate() if "Otel" in thread.name]
    assert recorded < 5
    assert time.monotonic() - began < recorded + 4
    assert [line["event"] for line in lines] in ([], ["collector_away"])


def test_a_service_that_crashes_hands_over_its_spans() -> None:
    async def main() -> None:
        traces.start("gateway", "http://127.0.0.1:1")
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        service.start("gateway", main)

    assert traces.recorder() is None


@pytest.mark.parametrize("name", ["gateway", "scheduler"])
def test_without_a_collector_nothing_of_opentelemetry_is_loaded(name: str) -> None:
    code = (
        f"import services.{name}.main, libs.telemetry.traces as traces, sys;"
        "traces.start('x', '');"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_a_fresh_trace_is_valid_and_recorded_by_nobody() -> None:
    first, second = traces.fresh(), traces.fresh()

    assert traces.TRACEPARENT.fullmatch(first)
    assert traces.trace_id(first) != traces.trace_id(second)
    assert first.endswith("-00")


@pytest.mark.parametrize("said", ["", "00-abc", "x" * 54])
def test_what_is_no_context_names_no_trace(said: str) -> None:
    assert traces.trace_id(said) == ""
