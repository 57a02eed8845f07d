"""TrackImmo's own table: which processes and steps make a stack, from its settings."""

import asyncio
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

from deploy import topics
from deploy.local import broker, child, outboxes, postgres
from deploy.local.ports import answers
from deploy.local.settings import SERVICES, Stack
from deploy.local.spec import Process, Say, Step, StepError, Table
from libs.common.events import TOPICS

ROOT: Final = Path(__file__).parents[2]
POSTGRES_OPTIONS: Final = {"max_connections": "200"}


def table(stack: Stack, say: Say) -> Table:
    """The servers that this stack has of its own, the steps, the services."""
    replay = outboxes.Replay(stack.admin_url)
    servers = (_postgres(stack), _broker(stack), _mail(stack), _simulator(stack))
    cluster = [Step(name="cluster", action=partial(_prepare, stack))]
    return [
        *(cluster if "postgres" in stack.embedded else []),
        *(server for server in servers if server.name in stack.embedded),
        Step(name="migrations", needs=_own(stack, "postgres"), action=partial(_migrate, stack)),
        Step(
            name="topics",
            needs=(*_own(stack, "broker"), "migrations"),
            action=partial(_topics, stack, replay, say),
        ),
        *(_service(stack, name) for name in SERVICES),
    ]


def _own(stack: Stack, *servers: str) -> tuple[str, ...]:
    return tuple(name for name in servers if name in stack.embedded)


def _postgres(stack: Stack) -> Process:
    port, folder = stack.ports["postgres"], stack.data_dir / "postgres"
    return Process(
        name="postgres",
        command=partial(postgres.command, port, POSTGRES_OPTIONS),
        environment=postgres.ENVIRONMENT,
        directory=folder,
        needs=("cluster",),
        ready=partial(postgres.is_ready, folder),
        stop_with=signal.SIGINT,  # a fast shutdown
    )


def _broker(stack: Stack) -> Process:
    port = stack.ports["broker"]
    return Process(
        name="broker",
        command=partial(broker.command, port),
        environment=broker.ENVIRONMENT,
        ready=lambda _: answers(port),
    )


def _mail(stack: Stack) -> Process:
    port = stack.ports["mail"]
    arguments = (str(port), str(stack.data_dir / "mail"))
    return _module("mail", "deploy.local.mail_sink", *arguments, stack=stack, port=port)


def _simulator(stack: Stack) -> Process:
    port = stack.ports["simulator"]
    arguments = ("--port", str(port))
    return _module("simulator", "deploy.simulator", *arguments, stack=stack, port=port)


def _module(name: str, module: str, *arguments: str, stack: Stack, port: int) -> Process:
    return Process(
        name=name,
        command=partial(child.command_line, sys.executable, "-m", module, *arguments),
        environment=stack.environ,
        directory=ROOT,
        ready=lambda _: answers(port),
    )


def _service(stack: Stack, name: str) -> Process:
    port = stack.ports[f"{name}.metrics"]
    return Process(
        name=name,
        command=partial(child.command_line, sys.executable, "-m", f"services.{name}.main"),
        environment=stack.service_environment(name),
        directory=ROOT,
        needs=("topics",),
        ready=lambda _: answers(port),
        falls_with=_own(stack, "broker"),
    )


async def _prepare(stack: Stack) -> None:
    await asyncio.to_thread(postgres.prepare, stack.data_dir / "postgres")


async def _migrate(stack: Stack) -> None:
    process = await asyncio.create_subprocess_exec(
        *child.command_line(sys.executable, "-m", "deploy.migrate", "--url", stack.admin_url),
        cwd=ROOT,
        env=dict(stack.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        raise StepError(said.decode(errors="replace").strip()[-1000:])
    if stack.password:
        await outboxes.give_passwords(stack.admin_url, stack.password)


async def _topics(stack: Stack, replay: outboxes.Replay, say: Say) -> None:
    in_memory = "broker" in stack.embedded
    access = topics.security(stack.environ)
    unfit = await topics.unfit(stack.bootstrap_servers, in_memory=in_memory, access=access)
    if unfit and (in_memory or len(unfit) == len(TOPICS)):  # an empty broker
        replay.due = True
    await topics.create(stack.bootstrap_servers, in_memory=in_memory, access=access)
    if replay.due:
        again = await replay.everything()
        say("topics", f"made on an empty broker; {again} events will be published again")
