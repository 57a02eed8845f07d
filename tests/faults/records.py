"""Records that the rig puts on the bus itself: copies of events, their relays' work in its hands."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer

from libs.common import sending
from tests.faults.oracle.expected import SCHEMAS, everywhere, subscriptions
from tests.faults.rig import Rig

LOOK_SECONDS: Final = 0.02
MET_SECONDS: Final = 60
MOST_BYTES: Final = 15 * 1024 * 1024

WRITTEN: Final = everywhere(
    "select '{schema}' as service, id, seq, topic, key, type, payload, headers, created_at"
    " from {schema}.outbox where published_at is not null"
)

NONE_UNMET: Final = f"""
    select count(*) = 0 from unnest($1::text[], $2::uuid[]) as wanted (consumer, event_id)
    where not exists (
      select from ({everywhere("select consumer, event_id from {schema}.inbox")}) as met
      where (met.consumer, met.event_id) = (wanted.consumer, wanted.event_id))
"""  # noqa: S608 - our own constants

# Marked as published before they are there: the relays see nothing to do.
TAKE: Final = """
    create schema rig;
    create table rig.taken (
      n bigint generated always as identity, service text, id uuid, seq bigint, topic text,
      key text, type text, payload bytea, headers jsonb, created_at timestamptz);
    create function rig.take() returns trigger language plpgsql security definer as $$
    begin
      insert into rig.taken (service, id, seq, topic, key, type, payload, headers, created_at)
      values (tg_table_schema, new.id, new.seq, new.topic, new.key, new.type, new.payload,
              new.headers, new.created_at);
      new.published_at := public.clock();
      return new;
    end $$;
"""
TAKE_FROM: Final = (
    "create trigger taken before insert on {schema}.outbox for each row execute function rig.take()"
)
GIVE_BACK: Final = "drop trigger taken on {schema}.outbox"
TAKEN: Final = "delete from rig.taken returning *"


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it goes on the bus."""

    service: str
    id: UUID
    topic: str
    key: str
    type: str
    payload: bytes
    headers: dict[str, str]
    created_at: datetime

    def afresh(self) -> "Copy":
        """The same said once more, as an event of its own."""
        return msgspec.structs.replace(self, id=uuid4())

    @property
    def record(self) -> dict[str, Any]:
        """What a producer is told."""
        always = [("ce_specversion", b"1.0"), ("ce_source", f"/{self.service}".encode())]
        row = msgspec.structs.asdict(self)
        return {
            "key": self.key.encode() or None,
            "value": self.payload,
            "headers": always + sending._headers(row),
        }


Deliver = Callable[[Sequence[Copy]], Awaitable[None]]


def readers_of(topic: str) -> tuple[str, ...]:
    """The consumers of a topic."""
    return tuple(name for name, topics in subscriptions().items() if topic in topics)


async def published(rig: Rig) -> list[Copy]:
    """Every event that is on the bus, in the order in which each service wrote its own."""
    return [_copy(row) for row in await rig.query(f"{WRITTEN} order by service, seq")]


async def all_met(rig: Rig, copies: Iterable[Copy], seconds: float = MET_SECONDS) -> None:
    """Return when each has been handled by all its readers."""
    wanted = [(reader, copy.id) for copy in copies for reader in readers_of(copy.topic)]
    readers, ids = [reader for reader, _ in wanted], [event_id for _, event_id in wanted]
    await rig.until_row(NONE_UNMET, readers, ids, seconds=seconds)


@asynccontextmanager
async def producing(rig: Rig) -> AsyncGenerator[AIOKafkaProducer]:
    """A producer that goes past the proxies."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.bus, max_request_size=MOST_BYTES)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def put(
    rig: Rig, producer: AIOKafkaProducer, copy: Copy, partition: int | None = None
) -> None:
    """Have the broker take a copy: where its key belongs, or elsewhere."""
    await producer.send_and_wait(f"{rig.prefix}{copy.topic}", partition=partition, **copy.record)


async def put_again(rig: Rig, producer: AIOKafkaProducer, copies: Iterable[Copy]) -> None:
    """Have the broker take events that it had before, all to the partitions that they were in."""
    known = list(copies)
    await asyncio.gather(*(put(rig, producer, copy) for copy in known))
    rig.ledger.replayed += len(known)


@asynccontextmanager
async def in_our_hands(
    rig: Rig, deliver: Deliver, *, every: float = LOOK_SECONDS
) -> AsyncGenerator[None]:
    """Every event that is written goes to `deliver` and to no relay, until the block ends."""
    await rig.execute(TAKE + ";".join(TAKE_FROM.format(schema=one) for one in SCHEMAS))
    delivering = asyncio.create_task(_deliver_taken(rig, deliver, every))
    try:
        yield
    finally:
        await rig.execute(";".join(GIVE_BACK.format(schema=one) for one in SCHEMAS))
        delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # we ended it
            await delivering
        await _deliver_some(rig, deliver)


async def _deliver_taken(rig: Rig, deliver: Deliver, every: float) -> None:
    while True:
        await asyncio.shield(_deliver_some(rig, deliver))
        await asyncio.sleep(every)


async def _deliver_some(rig: Rig, deliver: Deliver) -> None:
    with contextlib.suppress(asyncpg.PostgresConnectionError, OSError):  # it is away: later
        rows = await rig.query(TAKEN)
        if rows:
            await deliver([_copy(row) for row in sorted(rows, key=lambda row: row["n"])])


def _copy(row: Any) -> Copy:
    fields: dict[str, Any] = {name: row[name] for name in Copy.__struct_fields__}
    if isinstance(fields["headers"], str):
        fields["headers"] = msgspec.json.decode(fields["headers"])
    return Copy(**fields)
