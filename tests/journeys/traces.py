"""Where words stand: in any column of a stack's database, on its bus, in its logs."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common.events import TOPICS
from tests.support.stack import Stack

COLUMNS = """
    select table_schema || '.' || table_name as "table", column_name as "column"
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
    union all
    select 'pg_catalog.pg_stats', name from unnest(array['most_common_vals', 'histogram_bounds']) as name
"""


async def in_database(stack: Stack, words: Sequence[str]) -> list[str]:
    """Columns that hold a word, whatever their type; the planner's samples of them too."""
    found: set[str] = set()
    connection = await asyncpg.connect(stack.state()["urls"]["database"])
    try:
        for table, column in await connection.fetch(COLUMNS):
            statement = f'select "{column}"::text from {table} where "{column}" is not null'  # noqa: S608
            text = "\n".join(_readable(value) for (value,) in await connection.fetch(statement))
            found.update(f"{table}.{column}: {word}" for word in _held(text, words))
    finally:
        await connection.close()
    return sorted(found)


def _readable(value: str) -> str:
    if value.startswith("\\x"):
        return bytes.fromhex(value[2:]).decode("utf-8", "replace")
    return value


def _held(text: str, words: Sequence[str]) -> list[str]:
    """The words that a text holds; JSON may spell what is not ASCII."""
    lowered = text.lower()
    return [
        word for word in words if any(form.lower() in lowered for form in (word, ascii(word)[1:-1]))
    ]


async def on_bus(stack: Stack, words: Sequence[str]) -> list[str]:
    """Topics with a message that holds a word."""
    return sorted(
        {
            f"{message.topic}: {word}"
            async for message in _messages(stack)
            for part in (message.key, message.value, str(message.headers).encode())
            if part
            for word in _held(part.decode("utf-8", "replace"), words)
        }
    )


async def _messages(stack: Stack) -> AsyncGenerator[Any]:
    consumer: Any = AIOKafkaConsumer(
        *TOPICS,
        bootstrap_servers=stack.state()["urls"]["kafka"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = {}
        for partition in consumer.assignment():  # the embedded broker is asked for one at a time
            ends |= await consumer.end_offsets([partition])
        while any([await consumer.position(each) < end for each, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for message in batch:
                    yield message
    finally:
        await consumer.stop()


def in_logs(stack: Stack, words: Sequence[str]) -> list[str]:
    """Files of the stack that hold a word; its database's own pages and the archive of sales apart."""
    logs = [
        *stack.folder.glob("*.log"),
        *stack.folder.glob("log/*"),
        *stack.folder.glob("postgres/*log*"),
    ]
    return sorted(
        f"{path.name}: {word}"
        for path in logs
        if path.is_file()
        for word in _held(path.read_text(errors="replace"), words)
    )
