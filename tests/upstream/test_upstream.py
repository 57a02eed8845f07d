"""What we mend in the libraries of others: each test ends with the need for it."""

import asyncio
from types import SimpleNamespace

import pytest
import uvloop
from aiokafka import AIOKafkaConsumer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from libs import upstream
from libs.common.events import SendDay
from libs.upstream import DeafError
from tests.support.bus import Bus


async def lost() -> asyncio.StreamWriter:
    """What writes to a connection that has just been lost."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read()
        writer.transport.abort()
        await asyncio.sleep(0)
    return writer


def test_a_connection_that_was_lost_is_lost_to_kafkas_client_too() -> None:
    async def send() -> None:
        writer = await lost()
        with pytest.raises(RuntimeError, match="closed"):
            writer.write(b"uvloop minds, asyncio does not")
        connection = AIOKafkaConnection("127.0.0.1", 1)
        connection._writer, connection._versions = writer, {}
        with pytest.raises(KafkaConnectionError):
            connection.send(ApiVersionRequest())
        assert not connection.connected()

    uvloop.run(send())


@pytest.mark.parametrize("ended", ["_fetch_task", "_coordination_task"])
async def test_a_consumer_whose_task_has_ended_is_not_asked_any_more(ended: str) -> None:
    tasks = {
        name: asyncio.create_task(asyncio.sleep(60))
        for name in ("_fetch_task", "_coordination_task")
    }
    consumer = SimpleNamespace(
        _fetcher=SimpleNamespace(_fetch_task=tasks["_fetch_task"]),
        _coordinator=SimpleNamespace(_coordination_task=tasks["_coordination_task"]),
    )
    hearing = asyncio.create_task(
        upstream.hear(consumer, asyncio.get_running_loop().create_future())
    )
    await asyncio.sleep(0)

    tasks[ended].cancel()

    with pytest.raises(DeafError):
        await asyncio.wait_for(hearing, 5)
    for task in tasks.values():
        task.cancel()


@pytest.mark.kafka
async def test_the_tasks_that_a_consumer_lives_by_are_where_we_look(bus: Bus) -> None:
    consumer = AIOKafkaConsumer(
        SendDay.topic, bootstrap_servers=bus.bootstrap_servers, group_id="any"
    )
    await consumer.start()
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(RuntimeError("a bug"))

    with pytest.raises(RuntimeError, match="a bug"):
        await upstream.hear(consumer, failed)
    await consumer.stop()
