"""The page of /metrics: what this process has counted, and what is asked for when it is scraped."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import asyncpg
import msgspec
import prometheus_client
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

log = structlog.get_logger()

SECONDS: Final = 2
"""How long PostgreSQL may take for all the gauges of a page."""

CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_LATEST.encode()

Say = Callable[[Metric], None]
Source = Callable[[Say], Awaitable[None]]
"""Says what it finds; what it has said stands even if it fails then."""

prometheus_client.disable_created_metrics()


class SqlGauge(msgspec.Struct, frozen=True, kw_only=True):
    """A number that PostgreSQL knows: `sql` returns the labels, in order, and `value`."""

    name: str
    """Without our prefix."""
    help: str
    sql: str
    labels: Sequence[str] = ()
    arguments: Sequence[Any] = ()


async def page(sources: Sequence[Source]) -> bytes:
    """The whole page. A source that fails is told by `trackimmo_metrics_failed`, and no more."""
    found: list[Metric] = []
    failed = 0
    for source in sources:
        try:
            await source(found.append)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest is shown
            failed += 1
            log.warning("metrics_failed", error=type(error).__name__)
    about = "Sources of this page that could not be asked."
    found.append(GaugeMetricFamily("trackimmo_metrics_failed", about, value=min(failed, 1)))
    return prometheus_client.generate_latest() + prometheus_client.generate_latest(_Found(found))


def of_database(url: str, gauges: Sequence[SqlGauge]) -> Source:
    """What PostgreSQL knows, asked on a connection that lives for the question."""

    async def ask(say: Say) -> None:
        async with asyncio.timeout(SECONDS):
            limit = {"statement_timeout": f"{SECONDS}s"}
            connection = await asyncpg.connect(url, server_settings=limit)
            try:
                for gauge in gauges:
                    say(_family(gauge, await connection.fetch(gauge.sql, *gauge.arguments)))
            finally:
                connection.terminate()

    return ask


def _family(gauge: SqlGauge, rows: Sequence[Any]) -> Metric:
    family = GaugeMetricFamily(f"trackimmo_{gauge.name}", gauge.help, labels=gauge.labels)
    for *labels, value in rows:
        family.add_metric([str(label) for label in labels], float(value))
    return family


def of_consumer(group: str, consumer: Callable[[], Any]) -> Source:
    """How far a running consumer is from the ends of its partitions.

    The broker is asked: one that does not read on, for whatever reason, does not hear of new ends.
    """

    async def ask(say: Say) -> None:
        family = GaugeMetricFamily(
            "trackimmo_consumer_lag",
            "Messages of a partition that this consumer has not been given yet.",
            labels=("group", "topic", "partition"),
        )
        running = consumer()
        partitions = running.assignment() if running else ()
        async with asyncio.timeout(SECONDS):
            ends = await running.end_offsets(partitions) if partitions else {}
            for partition, end in ends.items():
                behind = max(0, end - await running.position(partition))
                family.add_metric([group, partition.topic, str(partition.partition)], behind)
        say(family)

    return ask


class _Found(prometheus_client.CollectorRegistry):
    def __init__(self, found: Sequence[Metric]) -> None:
        super().__init__()
        self._found = found

    def collect(self) -> Any:
        return iter(self._found)
