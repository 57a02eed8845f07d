"""A process that has imported every service, and forks one when asked: a start costs milliseconds.

`python -m tests.faults.zygote` reads requests as JSON lines and answers each with the process id;
it tells each death at once. It ends with the pipe from the rig, and its children end with it.
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import os
import random
import selectors
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")
PR_SET_PDEATHSIG: Final = 1
OPEN_FILES: Final = 1 << 20
KILLED: Final = -int(signal.SIGKILL)


class ZygoteError(RuntimeError):
    """No service can be forked; the message says why."""


class Request(msgspec.Struct):
    """A service to be forked, with its whole environment."""

    service: str
    environ: dict[str, str]
    log: str


class Forked(msgspec.Struct, tag=True):
    """The answer to a request; they come in order."""

    pid: int


class Died(msgspec.Struct, tag=True):
    """A child is gone: its exit status, or the signal's number below zero."""

    pid: int
    status: int


class Life:
    """One process of a service."""

    def __init__(self, service: str, pid: int) -> None:
        self.service, self.pid = service, pid
        self.dismissed = False
        """Whether it is to end, and no other to come in its place."""
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        return not self.died.done()

    def signal(self, number: int) -> None:
        """Send a signal; a process that is gone takes none."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):  # gone, and its report under way
                os.kill(self.pid, number)


class Zygote:
    """The rig's side."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked: deque[tuple[str, asyncio.Future[Life]]] = deque()
        self._lives: dict[int, Life] = {}
        self._gone = False

    async def fork(self, service: str, environ: Mapping[str, str], log: Path) -> Life:
        """A new process of a service that knows this environment and no other."""
        if self._process.stdin is None or self._gone:
            raise ZygoteError("the zygote is gone")
        forked: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        self._asked.append((service, forked))
        request = Request(service, dict(environ), str(log))
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        return await forked

    async def listen(self) -> None:
        """Hear of forks and deaths until the zygote is gone, and with it its children."""
        assert self._process.stdout is not None
        heard = msgspec.json.Decoder(Forked | Died)
        async for line in self._process.stdout:
            said = heard.decode(line)
            if isinstance(said, Forked):
                self._begin(said.pid)
            else:
                self._lives.pop(said.pid).died.set_result(said.status)
        self._gone = True
        for _, forked in self._asked:
            if not forked.done():
                forked.set_exception(ZygoteError("the zygote died, see its standard error"))
        for life in self._lives.values():
            life.died.set_result(KILLED)

    def _begin(self, pid: int) -> None:
        service, forked = self._asked.popleft()
        life = self._lives[pid] = Life(service, pid)
        if forked.done():  # whoever asked was cancelled meanwhile
            life.signal(signal.SIGKILL)
        else:
            forked.set_result(life)


@asynccontextmanager
async def running() -> AsyncGenerator[Zygote]:
    """A zygote that has imported all services when the block begins; all it forked ends with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.zygote"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the rig's business
    )
    assert process.stdin is not None
    assert process.stdout is not None
    zygote = Zygote(process)
    try:
        if not await process.stdout.readline():
            raise ZygoteError("the services cannot be imported, see standard error")
        listening = asyncio.create_task(zygote.listen())
        yield zygote
        process.stdin.close()
        await listening
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def main() -> None:
    """Serve until nobody asks any more."""
    for name in (*(f"services.{one}.main" for one in SERVICES), "tests.faults.armed"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a child's collector leaves the shared pages alone
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    _say(b"ready")
    unread = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(reader, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                came = os.read(key.fd, 1 << 20)
                if key.fd == reader:
                    _tell_deaths()
                elif came:
                    *lines, unread = (unread + came).split(b"\n")
                    for line in lines:
                        _fork(msgspec.json.decode(line, type=Request))
                else:
                    return


def _say(line: bytes) -> None:
    os.write(1, line + b"\n")


def _tell_deaths() -> None:
    for died in _reaped():
        _say(msgspec.json.encode(died))


def _reaped() -> Iterator[Died]:
    with contextlib.suppress(ChildProcessError):  # none is left
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            yield Died(found[0], os.waitstatus_to_exitcode(found[1]))


def _fork(request: Request) -> None:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        _say(msgspec.json.encode(Forked(pid)))
        return
    status = 1
    try:
        _be_fresh(parent, request)
        status = _live(request.service)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):  # the disk of the log is full: all the same an end
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _be_fresh(parent: int, request: Request) -> None:
    """As if just started: nothing of the zygote's but what it has imported."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for theirs, ours in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(theirs, ours)
    os.closerange(3, OPEN_FILES)
    os.environ.clear()
    os.environ.update(request.environ)
    time.tzset()
    random.seed()


def _live(service: str) -> int:
    from libs.common.service import start  # noqa: PLC0415 - the rig's side needs none of it
    from tests.faults.armed import arm  # noqa: PLC0415

    arm(os.environ)
    try:
        start(service, sys.modules[f"services.{service}.main"].main)
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        sys.stderr.write(f"{end.code}\n" if end.code else "")
        return 1 if end.code else 0
    return 0


if __name__ == "__main__":
    main()
