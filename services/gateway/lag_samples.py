"""How far every group is behind on the bus, asked for now and then and kept for whoever looks."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from libs.common.envelope import MAX_BYTES
from libs.common.settings import CommonSettings
from services.gateway.repository.console import topics
from services.gateway.repository.console.topics import GroupLook, Look, PartitionLook
from services.gateway.routes.ports import Reading

log = structlog.get_logger()

READERS: Final[Mapping[str, Sequence[str]]] = {
    "gateway": (
        "addresses.insufficient",
        "mail.settled",
        "properties.assigned",
        "properties.ready",
        "schedule.send_day",
        "step.failed",
        "step.progressed",
    ),
    "scraper": ("client.process",),
    "assigner": ("client.erased", "properties.ready"),
    "notifier": (
        "addresses.insufficient",
        "client.erased",
        "client.registered",
        "job.failed",
        "properties.assigned",
        "schedule.pre_notification",
    ),
}
"""Which service reads what, as docs/architecture.md says it; a test asks the services themselves."""

PATIENCE_SECONDS: Final = 5.0
OLDEST_SECONDS: Final = 2.0
"""Of the five: how long is waited for the first event of each partition that lags."""
FETCH_BYTES: Final = 8 * 1024 * 1024
AWAY: Final = (KafkaError, OSError, TimeoutError)

Place = tuple[str, TopicPartition]
Known = dict[Place, tuple[int, float]]
"""Where a group goes on, and when the event there was published (Unix time)."""


class Sampler:
    """Asks the bus and writes down what it says; connected while the bus answers."""

    def __init__(
        self,
        settings: CommonSettings,
        reading: Reading,
        readers: Mapping[str, Sequence[str]] = READERS,
    ) -> None:
        self._settings, self._reading, self._readers = settings, reading, readers
        self._clients: Clients | None = None
        self._known: Known = {}
        self._answers = True

    async def sample(self) -> None:
        """Ask once. A bus that is away is asked again at the next look: the rest does not notice."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._look()
        except AWAY as error:
            await self.close()
            self._tell(answers=False, error=type(error).__name__)
            found = None
        else:
            self._tell(answers=True)
        async with self._reading() as connection:
            await topics.store(connection, found)

    async def close(self) -> None:
        """Leave the bus."""
        clients, self._clients = self._clients, None
        if clients is not None:
            await clients.close()

    async def _look(self) -> Look:
        if self._clients is None:
            self._clients = await Clients.connected(self._settings)
        found = await self._clients.offsets(self._readers)
        self._known = await self._clients.oldest(found, self._known)
        groups = await self._clients.members(self._readers)
        return Look(groups=groups, partitions=[_aged(one, self._known) for one in found])

    def _tell(self, *, answers: bool, **about: str) -> None:
        if self._answers and not answers:
            log.warning("lag_not_sampled", **about)
        if answers and not self._answers:
            log.info("lag_sampled_again")
        self._answers = answers


class Clients(msgspec.Struct, frozen=True):
    """Two connections to the bus, of which neither belongs to a group."""

    admin: Any
    consumer: Any

    @classmethod
    async def connected(cls, settings: CommonSettings) -> "Clients":
        """Connections that answer, or what `AWAY` names."""
        access = _access(settings)
        made = cls(
            AIOKafkaAdminClient(**access),
            AIOKafkaConsumer(
                **access,
                enable_auto_commit=False,
                max_partition_fetch_bytes=MAX_BYTES,
                fetch_max_bytes=FETCH_BYTES,
                fetch_max_wait_ms=100,
            ),
        )
        try:
            await made.admin.start()
            await made.consumer.start()
        except BaseException:
            await made.close()
            raise
        return made

    async def close(self) -> None:
        """Both connections end, one whatever becomes of the other."""
        try:
            await self.admin.close()
        finally:
            await self.consumer.stop()

    async def offsets(self, readers: Mapping[str, Sequence[str]]) -> Sequence[PartitionLook]:
        """Where each partition begins and ends, and where each group goes on."""
        described = await self.admin.describe_topics()
        numbers = {one["topic"]: [p["partition"] for p in one["partitions"]] for one in described}
        read = sorted({topic for own in readers.values() for topic in own} & set(numbers))
        everywhere = [TopicPartition(topic, number) for topic in read for number in numbers[topic]]
        # Whoever only asks for ends is not told by the client where partitions are led.
        await self.consumer._client.set_topics(read)  # noqa: SLF001 - no public way without reading
        begins = await self.consumer.beginning_offsets(everywhere) if everywhere else {}
        ends = await self.consumer.end_offsets(everywhere) if everywhere else {}
        found: list[PartitionLook] = []
        for group, own in readers.items():
            places = [at for at in everywhere if at.topic in own]
            # Named one by one: not every broker answers for all offsets of a group.
            ask = self.admin.list_consumer_group_offsets
            committed = await ask(group, partitions=places) if places else {}
            found += [_place(group, at, begins[at], ends[at], committed.get(at)) for at in places]
        return found

    async def members(self, readers: Mapping[str, Sequence[str]]) -> Sequence[GroupLook]:
        """How many members each group has; a group that nobody knows has none."""
        known = {name for name, _ in await self.admin.list_consumer_groups()}
        described = [
            group
            for answer in await self.admin.describe_consumer_groups(sorted(known & set(readers)))
            for group in answer.groups
        ]
        members = {group[1]: len(group[5]) for group in described}
        return [GroupLook(group=name, members=members.get(name, 0)) for name in readers]

    async def oldest(self, found: Sequence[PartitionLook], known: Known) -> Known:
        """When the first event that waits was published; read once for each place a group stands at."""
        lagging = {place: one.next_offset for one in found if one.lag for place in [_of(one)]}
        told = {at: known[at] for at, n in lagging.items() if at in known and known[at][0] == n}
        asked = {at: n for at, n in lagging.items() if at not in told}
        for group in {group for group, _ in asked}:
            offsets = {place: n for (name, place), n in asked.items() if name == group}
            for place, published_at in (await self._first(offsets)).items():
                told[group, place] = offsets[place], published_at
        return told

    async def _first(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, float]:
        """The times of the events there, as far as they come in time."""
        found: dict[TopicPartition, float] = {}
        self.consumer.assign(list(offsets))
        try:
            for place, offset in offsets.items():
                self.consumer.seek(place, offset)
            until = time.monotonic() + OLDEST_SECONDS / len(READERS)
            while len(found) < len(offsets) and (left := until - time.monotonic()) > 0:
                for place, records in (await self.consumer.getmany(timeout_ms=left * 1000)).items():
                    found.setdefault(place, records[0].timestamp / 1000)
                    self.consumer.pause(place)
        finally:
            self.consumer.unsubscribe()
        return found


def _access(settings: CommonSettings) -> Mapping[str, Any]:
    protocol = settings.kafka_security_protocol
    return {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "request_timeout_ms": int(PATIENCE_SECONDS * 1000),
        "security_protocol": protocol,
        "ssl_context": create_ssl_context() if protocol.endswith("SSL") else None,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_sasl_username or None,
        "sasl_plain_password": settings.kafka_sasl_password or None,
    }


def _place(group: str, at: TopicPartition, first: int, end: int, committed: Any) -> PartitionLook:
    offset = committed.offset if committed is not None and committed.offset >= 0 else None
    return PartitionLook(
        group=group,
        topic=at.topic,
        partition=at.partition,
        first_offset=first,
        end_offset=end,
        committed=offset,
    )


def _of(one: PartitionLook) -> Place:
    return one.group, TopicPartition(one.topic, one.partition)


def _aged(one: PartitionLook, known: Known) -> PartitionLook:
    if (told := known.get(_of(one))) is None:
        return one
    return msgspec.structs.replace(one, oldest_seconds=max(0.0, time.time() - told[1]))
