"""A broker for a test process: the embedded one, or Apache Kafka where KAFKA=apache says so."""

import os
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from deploy.local import broker


class Bus(msgspec.Struct, frozen=True):
    """Where a broker answers, and what it can do."""

    bootstrap_servers: str
    idempotence: bool
    makes_topics: bool
    """Makes a topic that a client only asks about, with partitions of its own choosing."""


@contextmanager
def running_bus() -> Generator[Bus]:
    """A broker with no topics yet."""
    if os.environ.get("KAFKA") == "apache":
        from deploy.local import kafka  # noqa: PLC0415 - needs Java and Maven

        with kafka.running() as bootstrap_servers:
            yield Bus(bootstrap_servers, idempotence=True, makes_topics=False)
        return
    started = broker.start()
    try:
        yield Bus(started.bootstrap_servers, idempotence=False, makes_topics=True)
    finally:
        started.stop()
