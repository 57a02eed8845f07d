"""Outbox rows to relay, and what of them a broker holds in the end."""

from typing import Final

import asyncpg
from aiokafka import AIOKafkaConsumer

TOPIC: Final = "client.process"
KEYS: Final = 500

HEADERS: Final = """
    jsonb_build_object('correlation_id', k, 'causation_id', k,
      'traceparent', '00-' || md5(n::text) || '-' || left(md5(k), 16) || '-01')
"""
"""Three, to which the relay adds the seven of CloudEvents."""

FILL: Final = f"""
    insert into outbox (topic, key, type, payload, headers)
    select '{TOPIC}', k, 'client.process',
           convert_to(jsonb_build_object('client_id', k, 'job_id', k, 'kind', 'scheduled',
             'run', 1, 'ladder', 1, 'count', 10, 'cities', array['01053', '01004'],
             'kinds', array['house', 'apartment'], 'as_of', '2026-01-05', 'seed', n)::text, 'UTF8'),
           {HEADERS}
    from (select n, md5((n % {KEYS})::text)::uuid::text as k
          from generate_series($1::int, $2::int) as n) as rows
"""  # noqa: S608 - constants of this module


async def count_events(bootstrap_servers: str, wanted: int, topic: str = TOPIC) -> int:
    """How many events can be read from a topic, at most as many as wanted."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    found = 0
    try:
        while found < wanted:
            batches = await consumer.getmany(timeout_ms=5_000)
            if not batches:
                break
            found += sum(map(len, batches.values()))
    finally:
        await consumer.stop()
    return found


async def fill(connection: asyncpg.Connection, rows: int) -> None:
    """That many rows of 500 keys, with ten headers each once they are relayed."""
    await connection.execute("set search_path = gateway, public")
    await connection.execute(FILL, 1, rows)
    await connection.execute("vacuum analyze outbox")
