"""What all runs share: one Apache Kafka, one PostgreSQL with the template, one zygote."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import topics
from deploy.local import kafka, postgres
from deploy.migrate import migrate
from libs.common.events import TOPICS
from tests.faults import zygote
from tests.faults.zygote import Zygote
from tests.support.database import CARELESS, TEMPLATE

PARTITIONS: Final = 3
OPTIONS: Final = {**CARELESS, "synchronous_commit": "on", "max_connections": "900"}
"""The machine does not fall, but PostgreSQL does: what it has said yes to, it must still know."""


class Servers:
    """Where they answer, and how to end one and have it back."""

    def __init__(self, folder: Path, zygote: Zygote) -> None:
        self.folder, self.zygote = folder, zygote
        self.node = kafka.node(folder / "kafka")
        self.postgres: postgres.Postgres
        self._kafka: subprocess.Popen[bytes]

    @property
    def bus(self) -> str:
        """Kafka's own address."""
        return self.node.bootstrap_servers

    async def start(self) -> None:
        """Both answer, the template is migrated."""
        await asyncio.gather(self._first_kafka(), self._first_postgres())

    async def _first_kafka(self) -> None:
        await asyncio.to_thread(kafka.prepare, self.node)
        await self.start_kafka()

    async def _first_postgres(self) -> None:
        self.start_postgres()
        await self.execute(f"create database {TEMPLATE}")
        url = self.postgres.url(database=TEMPLATE) + "?sslmode=disable"
        await asyncio.to_thread(migrate, url)

    async def start_kafka(self) -> None:
        """The broker answers when this returns, with what it had before."""
        await asyncio.to_thread(self._start_kafka)

    def _start_kafka(self) -> None:
        with (self.folder / "kafka.log").open("ab") as log:
            self._kafka = subprocess.Popen(
                kafka.command(self.node), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        kafka._await_answer(self.node, self._kafka)

    def start_postgres(self) -> None:
        """The database answers when this returns, with what it had before."""
        # By the main thread: the server ends with the thread that starts it.
        port = self.postgres.port if hasattr(self, "postgres") else None
        self.postgres = postgres.start(self.folder / "postgres", options=OPTIONS, port=port)

    def kill_kafka(self) -> None:
        self._kafka.kill()
        self._kafka.wait()

    def kill_postgres(self) -> None:
        """As a crash: the postmaster and all its sessions at once."""
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait()

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.postgres.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def admin(self) -> AsyncGenerator[AIOKafkaAdminClient]:
        """A client that may make and delete topics."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.bus)
        await client.start()
        try:
            yield client
        finally:
            await client.close()

    async def make_topics(self, prefix: str) -> None:
        """The topics of a run."""
        configs = topics.layout().configs
        async with self.admin() as admin:
            answer: Any = await admin.create_topics(
                [NewTopic(name, PARTITIONS, 1, topic_configs=configs) for name in named(prefix)]
            )
        failed = [error for error in answer.topic_errors if error[1]]
        if failed:
            raise RuntimeError(f"Topics were not made: {failed}")

    async def delete_topics(self, prefix: str) -> None:
        async with self.admin() as admin:
            await admin.delete_topics(named(prefix))

    def stop(self) -> None:
        if hasattr(self, "_kafka"):
            self.kill_kafka()
        if hasattr(self, "postgres"):
            self.postgres.stop()


def named(prefix: str) -> list[str]:
    """The topics of a run by their names on the broker."""
    return [f"{prefix}{topic}" for topic in TOPICS]


@asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[Servers]:
    """All of them, until the block ends."""
    async with zygote.running() as forks:
        servers = Servers(folder, forks)
        try:
            await servers.start()
            yield servers
        finally:
            servers.stop()
