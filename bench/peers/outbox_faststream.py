"""faststream-outbox with the same rows: DATABASE_URL BOOTSTRAP_SERVERS TOPIC ROWS.

Its settings are the fastest that we found: 32 workers, 500 rows a fetch, 100 deletes at once, no
validation of bodies, no logging, uvloop. A body goes to Kafka as the bytes that it is.
"""

import asyncio
import json
import sys
import time

import uvloop
from faststream.kafka import KafkaBroker
from faststream_outbox import OutboxBroker, OutboxMessage, make_outbox_table
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WORKERS, FETCHED, FLUSHED = 32, 500, 100

FILL = """
    insert into peer_outbox (queue, payload, headers)
    select 'events',
           convert_to(jsonb_build_object('client_id', k, 'job_id', k, 'kind', 'scheduled',
             'run', 1, 'ladder', 1, 'count', 10, 'cities', array['01053', '01004'],
             'kinds', array['house', 'apartment'], 'as_of', '2026-01-05', 'seed', n)::text, 'UTF8'),
           jsonb_build_object('correlation_id', k, 'causation_id', k,
             'traceparent', '00-' || md5(n::text) || '-' || left(md5(k), 16) || '-01',
             'ce_specversion', '1.0', 'ce_id', uuidv7(), 'ce_type', 'client.process',
             'ce_source', '/gateway', 'ce_subject', k, 'ce_time', '2026-01-05T09:00:00+00:00',
             'content-type', 'application/json')
    from (select n, md5((n % 500)::text)::uuid::text as k
          from generate_series(1, :rows) as n) as rows
"""


async def main(url: str, bootstrap_servers: str, topic: str, rows: int) -> None:
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="peer_outbox")
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=WORKERS + 8
    )
    await fill(engine, metadata, rows)
    kafka = KafkaBroker(bootstrap_servers, acks="all", apply_types=False, logger=None)
    outbox = OutboxBroker(engine, outbox_table=table, apply_types=False, logger=None)

    @outbox.subscriber(
        "events",
        max_workers=WORKERS,
        fetch_batch_size=FETCHED,
        terminal_flush_batch_size=FLUSHED,
        min_fetch_interval=0.01,
        decoder=whole,
    )
    async def relay(message: OutboxMessage) -> None:
        headers = message.headers
        await kafka.publish(
            message.body, topic, key=headers["ce_subject"].encode(), headers=headers
        )

    await kafka.start()
    began = time.process_time()
    await outbox.start()
    per_second = await progress(engine, rows)
    used = time.process_time() - began
    await outbox.stop()
    await kafka.stop()
    await engine.dispose()
    print(json.dumps({"events_per_second": per_second, "cpu_seconds": used}))


async def whole(message: OutboxMessage) -> OutboxMessage:
    """What the handler gets: the body as it is, and the headers too."""
    return message


async def fill(engine: AsyncEngine, metadata: MetaData, rows: int) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text(FILL), {"rows": rows})
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("vacuum analyze peer_outbox"))


async def progress(engine: AsyncEngine, rows: int) -> float:
    """Events a second, from the first look that saw some gone to the end."""
    gone, since = 0, 0.0
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while True:
            left = (await connection.execute(text("select count(*) from peer_outbox"))).scalar_one()
            if not left:
                return (rows - gone) / (time.monotonic() - since)
            if not gone and left < rows:
                gone, since = rows - left, time.monotonic()
            await asyncio.sleep(0.25)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
