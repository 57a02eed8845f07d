"""The whole story once: an agent registers, is processed, and the mail with addresses arrives.

`SALES=FOLDER-OR-TEMPLATE CITIES=01053,64260` tells it on real files, `LIVE=1` on public sources.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from deploy.local import settings
from deploy.local.agent import Agent, Delivery, StoryError
from deploy.local.lives import tail
from deploy.local.ports import free_port
from deploy.local.spec import StepError
from deploy.local.up import on_signals, supervisor

CITY: Final = "01053"  # Bourg-en-Bresse
SECONDS: Final = 100
SECONDS_LIVE: Final = 900
OF_A_FOLDER: Final = "{year}/communes/{department}/{insee}.csv"


async def demo(environ: Mapping[str, str] = os.environ) -> int:
    """The exit code: 0 only when the mail has arrived and the addresses were shown."""
    began = time.monotonic()
    stack = settings.resolve(_environment(environ))
    is_live = environ.get("LIVE") == "1"
    if is_live:
        _keep_archive(settings.data_dir(environ), stack.data_dir)
    stop = asyncio.Event()
    on_signals(stop.set)
    work = supervisor(stack)
    cities = (environ.get("CITIES") or CITY).replace(",", " ").split()
    seconds = SECONDS_LIVE if is_live else SECONDS
    agent = Agent(stack, cities, seconds=seconds, deaths=work.deaths)
    running = asyncio.create_task(work.run(stop))
    story = asyncio.create_task(agent.story())
    try:
        await asyncio.wait((running, story), return_when=asyncio.FIRST_COMPLETED)
        delivery = await _outcome(running, story)
    except (StoryError, StepError) as error:
        _complain(error, agent, stack.data_dir)
        return 1
    finally:
        stop.set()
        story.cancel()
        with contextlib.suppress(StepError):  # told above
            await running
    _tidy(stack.data_dir)
    print(f"\n{delivery.shown()}\n\nDone in {time.monotonic() - began:.1f} s.", flush=True)
    return 0


async def _outcome(running: asyncio.Task[None], story: asyncio.Task[Delivery]) -> Delivery:
    if story.done():
        return story.result()
    running.result()
    raise StoryError("stopped before the mail arrived")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    folder = settings.data_dir(environ) / time.strftime("demo-%Y%m%d-%H%M%S")
    chosen = {"SALES_SOURCES": sales_source(environ["SALES"])} if environ.get("SALES") else {}
    return {
        "GATEWAY_PORT": str(free_port()),
        "RATE_LIMIT_ENABLED": "false",  # it asks how the job is many times a second
        **environ,
        **chosen,
        "DATA_DIR": f"{folder}-{os.getpid()}",
    }


def _keep_archive(data_dir: Path, folder: Path) -> None:
    """What public sites send is for every demo, and for `make up`: nobody sends it twice."""
    archive = data_dir / "archive"
    archive.mkdir(exist_ok=True)
    (folder / "archive").symlink_to(archive)


def sales_source(sales: str) -> str:
    """The publisher that a folder, a template or a file on this disk is."""
    template = sales if "{" in sales or Path(sales).is_file() else f"{sales}/{OF_A_FOLDER}"
    folder = Path(template.partition("{")[0] + "x").absolute().parent
    if not folder.is_dir():
        raise StepError(f"SALES={sales} leads nowhere: {folder} is no folder.")
    # A blank would end the entry, and `#` or `?` the path.
    return f"geo-dvf=file://{quote(str(Path(template).absolute()), safe='/{}')}"


def _complain(error: Exception, agent: Agent, data_dir: Path) -> None:
    log = data_dir / "log" / f"{agent.suspect}.log"
    print(f"\nThe demo failed: {error}", flush=True)
    if log.exists():
        print(f"\nThe end of {log}:\n{tail(log, 10)}", flush=True)


def _tidy(data_dir: Path) -> None:
    """Everything but the mail goes."""
    for path in data_dir.iterdir():
        if path.is_file() or path.is_symlink():
            path.unlink()
        elif path.name != "mail":
            shutil.rmtree(path)
