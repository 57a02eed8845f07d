"""A stack on a folder: one at a time, its state on record, stopped by Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

from deploy.local import kafka
from deploy.local.ports import answers
from deploy.local.settings import SERVICES, Stack, write_private
from deploy.local.spec import Process, Step
from deploy.local.stack import table
from deploy.local.supervisor import Supervisor


class AlreadyRunningError(Exception):
    """Another stack works on this folder; the text is one sentence."""


@contextlib.contextmanager
def only_one(data_dir: Path) -> Generator[None]:
    """The folder for ourselves, until the end of the block or of this process."""
    with (data_dir / "stack.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunningError(
                f"A stack is running on {data_dir} already (process {lock.read().strip()}): "
                "stop it first, or set another DATA_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def supervisor(stack: Stack) -> Supervisor:
    """The supervisor of this stack, which keeps `stack.json` current."""

    def record(pids: dict[str, int]) -> None:
        state = {
            "supervisor": os.getpid(),
            "pids": pids,
            "ports": dict(stack.ports),
            "urls": urls(stack),
        }
        try:
            write_private(stack.data_dir / "stack.json", json.dumps(state, indent=2) + "\n")
        except OSError as error:  # a full disk is no reason to stop what runs
            say("stack", f"stack.json could not be written: {error}")

    return Supervisor(table(stack, say), stack.data_dir / "log", say=say, changed=record)


def urls(stack: Stack) -> dict[str, str]:
    """Where everything is, for people, tests and other commands."""
    probes = {f"{name}.probes": stack.ports[f"{name}.metrics"] for name in SERVICES}
    return {
        "api": stack.api_url,
        "docs": f"{stack.api_url}/docs",
        "database": stack.admin_url,
        "kafka": stack.bootstrap_servers,
        "mail": str(stack.data_dir / "mail"),
        "keys": str(stack.data_dir / "keys.json"),
        **{name: f"http://127.0.0.1:{port}" for name, port in probes.items()},
    }


def say(name: str, text: str) -> None:
    print(f"[{name}] {text}", flush=True)


def on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, call)


async def up(stack: Stack) -> None:
    """The stack, until somebody stops it."""
    stop = asyncio.Event()
    on_signals(stop.set)
    with only_one(stack.data_dir):
        work = supervisor(stack)
        greeting = asyncio.create_task(_greet(stack, work))
        try:
            await work.run(stop)
        finally:
            greeting.cancel()
    say("stack", "stopped")


async def _greet(stack: Stack, work: Supervisor) -> None:
    await work.up("gateway")
    shown = urls(stack)
    print(
        f"\n  API      {shown['api']}"
        f"\n  docs     {shown['docs']}"
        f"\n  mailbox  {shown['mail']}"
        f"\n  keys     {shown['keys']}"
        "\n  Ctrl-C stops everything.\n",
        flush=True,
    )


async def run_kafka(folder: Path) -> None:
    """One node of Apache Kafka, until somebody stops it."""
    node = kafka.node(folder)
    rows = [
        Step(name="storage", action=lambda: asyncio.to_thread(kafka.prepare, node)),
        Process(
            name="kafka",
            command=partial(kafka.command, node),
            environment=os.environ,
            needs=("storage",),
            ready=lambda _: answers(node.port),
        ),
    ]
    stop = asyncio.Event()
    on_signals(stop.set)
    with only_one(folder):
        work = Supervisor(rows, folder, say=say, changed=lambda _: None)
        greeting = asyncio.create_task(_greet_kafka(node, work))
        try:
            await work.run(stop)
        finally:
            greeting.cancel()


async def _greet_kafka(node: kafka.Node, work: Supervisor) -> None:
    await work.up("kafka")
    print(f"\n  KAFKA_BOOTSTRAP_SERVERS={node.bootstrap_servers}\n  Ctrl-C stops it.\n", flush=True)
