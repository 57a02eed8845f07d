"""One life of a process: how it begins, how it is brought to its end, and why it ended."""

import asyncio
import contextlib
import signal
from pathlib import Path

from deploy.local.spec import Process


async def begin(process: Process, log_path: Path) -> asyncio.subprocess.Process:
    """It runs, and what it says is added to its log."""
    with log_path.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *process.command(),
            cwd=process.directory,
            env=dict(process.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


async def terminate(
    child: asyncio.subprocess.Process, how: signal.Signals, patience: float
) -> None:
    """Ended when this returns: asked to, and killed when it has not by then."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        child.send_signal(how)
    try:
        await asyncio.wait_for(child.wait(), patience)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def reason(code: int, log: Path) -> str:
    """Why it ended: the signal, or its exit code and last words."""
    if code < 0:
        return signal.Signals(-code).name
    last_words = tail(log, 1)[:300]
    return f"exit code {code}: {last_words}" if code and last_words else f"exit code {code}"


def tail(log: Path, lines: int) -> str:
    """The last lines of a log that say something."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        text = file.read().decode(errors="replace")
    return "\n".join([line[:1000] for line in text.splitlines() if line.strip()][-lines:])
