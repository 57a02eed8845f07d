import asyncio
import os
import signal
from pathlib import Path

import psutil

from deploy.local.settings import resolve
from deploy.local.spec import Step, stopping_order
from deploy.local.stack import table
from deploy.local.supervisor import PATIENCE
from tests.deploy.local.console import STUBBORN, Run, process
from tests.deploy.local.patience import until


async def test_a_step_is_not_up_when_what_it_needs_ended_meanwhile(run: Run) -> None:
    begun, done = asyncio.Event(), asyncio.Event()
    up: list[bool] = []

    async def step() -> None:
        up.append("worker" in console.work.pids)
        begun.set()
        await done.wait()

    console = run(
        process("broker"),
        Step(name="topics", needs=("broker",), action=step),
        process("worker", needs=("topics",), falls_with=("broker",)),
    )
    await begun.wait()
    broker = await console.new_pid("broker")
    os.kill(broker, signal.SIGKILL)
    await until(lambda: "broker" not in console.work.pids)
    done.set()
    await console.new_pid("broker", broker)
    await console.work.up("worker")

    started = [name for _, name, text in console.said if "started" in text]
    assert started == ["broker", "broker", "worker"]
    assert up == [False, False]


async def test_who_falls_when_all_stops_is_still_brought_to_its_end(run: Run) -> None:
    console = run(
        process("broker"),
        process("worker", *STUBBORN, needs=("broker",), falls_with=("broker",)),
    )
    worker = await console.new_pid("worker")
    console.work._patience = 0.5
    await until(lambda: "up" in (console.work.log_dir / "worker.log").read_text())

    os.kill(console.work.pids["broker"], signal.SIGKILL)
    await until(lambda: "broker" not in console.work.pids)
    await console.close()

    assert not psutil.pid_exists(worker)
    assert console.work.pids == {}


def test_all_waves_of_the_stack_stop_within_twenty_seconds(tmp_path: Path) -> None:
    stack = resolve({"DATA_DIR": str(tmp_path)})
    waves = list(stopping_order(table(stack, lambda *_: None)))
    first, later = PATIENCE
    assert first + later * (len(waves) - 1) < 20


async def test_who_lives_on_another_falls_with_it_and_starts_after_its_steps(run: Run) -> None:
    steps: list[str] = []

    async def step() -> None:
        steps.append(f"worker runs: {'worker' in console.work.pids}")

    console = run(
        process("broker"),
        Step(name="topics", needs=("broker",), action=step),
        process("worker", needs=("topics",), falls_with=("broker",)),
    )
    worker, broker = await console.new_pid("worker"), await console.new_pid("broker")

    os.kill(broker, signal.SIGKILL)
    await console.new_pid("worker", worker)

    assert console.ended == ["broker", "worker"]
    assert steps == ["worker runs: False", "worker runs: False"]
