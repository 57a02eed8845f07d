import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.spec import Step, StepError, stopping_order
from tests.deploy.local.console import STUBBORN, Run, process
from tests.deploy.local.patience import until


async def test_what_is_killed_starts_again_after_a_growing_wait(run: Run) -> None:
    console = run(process("worker"))
    first = await console.new_pid("worker")
    os.kill(first, signal.SIGKILL)
    second = await console.new_pid("worker", first)
    os.kill(second, signal.SIGKILL)
    await console.new_pid("worker", second)
    waits = [text for _, _, text in console.said if "ended" in text]
    assert waits == [
        "ended (SIGKILL), starts again in 0.5 s",
        "ended (SIGKILL), starts again in 1 s",
    ]


async def test_the_reason_of_a_death_is_said_in_its_own_words(run: Run) -> None:
    console = run(process("sour", sys.executable, "-c", "raise SystemExit('no lemons')"))
    await console.new_pid("sour", await console.new_pid("sour"))
    assert "ended (exit code 1: no lemons), starts again in 0.5 s" in {
        t for _, _, t in console.said
    }


async def test_who_needs_something_starts_after_it_and_stops_before_it(run: Run) -> None:
    order: list[str] = []
    console = run(
        process("service", needs=["schema"]),
        Step(name="schema", needs=("server",), action=_note(order, "schema")),
        process("server"),
    )
    await console.new_pid("service")
    started = [name for _, name, text in console.said if "started" in text]
    assert started == ["server", "service"]
    assert order == ["schema"]
    await console.close()
    assert console.ended == ["service", "server"]


async def test_a_step_is_done_again_when_what_it_needs_came_up_again(run: Run) -> None:
    order: list[str] = []
    console = run(
        process("broker"),
        Step(name="topics", needs=("broker",), action=_note(order, "topics")),
        Step(name="replay", needs=("topics",), action=_note(order, "replay")),
        Step(name="once", action=_note(order, "once")),
    )
    await console.work.up("replay", "once")
    os.kill(console.work.pids["broker"], signal.SIGKILL)
    await until(lambda: order.count("replay") == 2)
    assert [o for o in order if o != "once"] == ["topics", "replay"] * 2
    assert order.count("once") == 1


async def test_a_step_that_fails_the_first_time_ends_the_stack(run: Run) -> None:
    async def fail() -> None:
        raise ValueError("no such column")

    console = run(process("server"), Step(name="migrations", needs=("server",), action=fail))
    with pytest.raises(StepError, match="migrations: no such column"):
        await console.task
    assert console.work.pids == {}


async def test_who_ignores_sigterm_is_killed(run: Run, tmp_path: Path) -> None:
    console = run(process("stubborn", *STUBBORN))
    console.work._patience = 0.2
    pid = await console.new_pid("stubborn")
    await until(lambda: "up" in (tmp_path / "stubborn.log").read_text())
    await console.close()
    assert not psutil.pid_exists(pid)


def test_a_circle_of_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="These need each other: a, b"):
        list(stopping_order([process("a", needs=["b"]), process("b", needs=["a"])]))


SUPERVISE = """
import asyncio, os, pathlib, sys
from functools import partial
from deploy.local import child
from deploy.local.spec import Process
from deploy.local.supervisor import Supervisor

def changed(pids):
    print(*pids.values(), flush=True)

rows = [
    Process(name=n, command=partial(child.command_line, "sleep", "600"), environment=os.environ)
    for n in ("one", "two")
]
work = Supervisor(rows, pathlib.Path(sys.argv[1]), say=lambda *_: None, changed=changed)
asyncio.run(work.run(asyncio.Event()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told by Linux only")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        pids: list[str] = []
        while len(pids) < 2:
            pids = supervisor.stdout.readline().split()
        children = [psutil.Process(int(pid)) for pid in pids]
        supervisor.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def _note(order: list[str], name: str) -> Callable[[], Awaitable[None]]:
    async def note() -> None:
        order.append(name)

    return note
