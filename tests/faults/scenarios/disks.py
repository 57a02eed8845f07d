"""Full disks: the one of PostgreSQL, and the one of our own files. Both need the right to mount."""

import asyncio
import os
import shutil
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from deploy.local.postgres import UNPRIVILEGED
from tests.faults.load import process, register
from tests.faults.oracle.expected import SCHEMAS
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import OUTAGE_SECONDS, scenario
from tests.faults.scenarios.bus import no_crash

LARGE: Final = "256m"
SMALL: Final = "64k"
CHUNK: Final = b"\0" * (1 << 20)
TABLES: Final = """
    select format('alter table %I.%I set tablespace %I', schemaname, tablename, $1::text)
    from pg_tables where schemaname = any($2)
"""
NONE_AT_WORK: Final = "select count(*) = 0 from gateway.job where status = 'processing'"
LATER: Final = timedelta(minutes=61)
NOT_HERE: Final = "not run: only root may mount a small disk"


async def _tables_on_a_disk(rig: Rig) -> None:
    if os.geteuid():
        return
    disk = _disk(rig)
    disk.mkdir()
    _mount(disk, LARGE)
    shutil.chown(disk, UNPRIVILEGED)
    await rig.query(f"create tablespace {_tablespace(rig)} location '{disk}'")
    await _move(rig, _tablespace(rig))


@scenario("F16", "The disk of PostgreSQL's tables is full for 30 s", before=_tables_on_a_disk)
async def tables_disk_full(rig: Rig) -> None:
    """What cannot be kept is refused with 503, no job is blamed, all goes on when there is room."""
    if os.geteuid():
        return rig.note(NOT_HERE)
    rig.expect("the disk is given back", partial(_tables_back, rig))
    rig.expect("no service gave up for a full disk", partial(no_crash, rig))
    await rig.loaded.wait()
    _fill(_disk(rig) / "filler")
    asking = asyncio.create_task(_ask(rig))
    await rig.until(partial(_is_refused, rig), OUTAGE_SECONDS)
    await asyncio.sleep(OUTAGE_SECONDS)
    (_disk(rig) / "filler").unlink()
    await asking
    if again := await rig.query("select id from gateway.job where run > 1"):
        raise Violated(f"{len(again)} jobs had to run again for a full disk")
    return None


async def _archive_on_a_disk(rig: Rig) -> None:
    if not os.geteuid():
        (rig.folder / "data" / "archive").mkdir(parents=True)
        _mount(rig.folder / "data" / "archive", SMALL)


@scenario("F16-archive", "The disk of downloaded files is full for 30 s", before=_archive_on_a_disk)
async def archive_disk_full(rig: Rig) -> None:
    """Jobs wait for their cities, or their ladder does; nothing half-written is believed."""
    if os.geteuid():
        return rig.note(NOT_HERE)
    rig.expect("the disk is given back", partial(_archive_back, rig))
    rig.expect("no service gave up for a full disk", partial(no_crash, rig))
    await asyncio.sleep(OUTAGE_SECONDS)
    _run("mount", "-o", f"remount,size={LARGE}", str(rig.folder / "data" / "archive"))
    await rig.loaded.wait()
    await rig.until_row(NONE_AT_WORK)
    await rig.advance(LATER)
    return None


def _disk(rig: Rig) -> Path:
    """Where PostgreSQL's own user may go, which the folder of a run is not."""
    return Path(f"/tmp/trackimmo-{os.getpid()}-{rig.database.name}")


def _tablespace(rig: Rig) -> str:
    return f"disk_{rig.database.name}"


def _mount(folder: Path, size: str) -> None:
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        size = len(CHUNK)
        while size:
            try:
                file.write(CHUNK[:size])
            except OSError:
                size //= 2


async def _move(rig: Rig, tablespace: str) -> None:
    for row in await rig.query(TABLES, tablespace, list(SCHEMAS)):
        await rig.query(row[0])


async def _ask(rig: Rig) -> None:
    await process(rig, await register(rig, 90))


async def _is_refused(rig: Rig) -> bool:
    """Something new is refused, and in the way that our interface promises."""
    client_id = min(rig.ledger.clients)
    body = {"client_id": str(client_id), "count": 1}
    answer = await rig.api.post("/api/add-addresses", json=body)
    if answer.is_success:
        rig.ledger.jobs[UUID(answer.json()["job_id"])] = client_id
        return False
    if answer.status_code != 503 or "retry-after" not in answer.headers:
        raise Violated(f"with its disk full callers got {answer.status_code} {answer.text}")
    return True


async def _tables_back(rig: Rig) -> None:
    await _move(rig, "pg_default")
    await rig.query(f"drop tablespace {_tablespace(rig)}")
    _run("umount", str(_disk(rig)))
    _disk(rig).rmdir()


async def _archive_back(rig: Rig) -> None:
    _run("umount", "--lazy", str(rig.folder / "data" / "archive"))
