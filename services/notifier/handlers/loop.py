"""The life of a sender: claim, send, rest; one connection to the server, one to the database."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from libs.common.postgres import AWAY
from services.notifier.domain.delivery import for_others
from services.notifier.domain.mail import Draft
from services.notifier.handlers.sending import Compose, Desk, Pause, Session, send

log = structlog.get_logger()

SHORTEST_REST: Final = 0.005
LONGEST_REST: Final = 0.5
LONGEST_PAUSE: Final = 60.0
AWAY_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0
FINISHING_SECONDS: Final = 10.0
PUTTING_BACK_SECONDS: Final = 2.0


async def run_sender(
    *, desk: Desk, session: Session, compose: Compose, wake: asyncio.Event
) -> None:
    """Send what is due until cancelled; a mail in the server's hands is finished first."""
    rest, idle, pauses = SHORTEST_REST, 0.0, 0
    try:
        while True:
            try:
                busy = await send_batch(desk=desk, session=session, compose=compose)
                pauses = 0
            except Pause as pause:
                pauses += 1
                log.warning("sending_paused", reason=for_others(str(pause)), times=pauses)
                await asyncio.sleep(_pause_seconds(pauses))
                continue
            except AWAY as error:
                log.warning("sender_interrupted", error=type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            except Exception:
                log.exception("sender_failed")
                await session.close()  # whatever was offered is taken back
                await asyncio.sleep(AWAY_SECONDS)
                continue
            rest, idle = (
                (SHORTEST_REST, 0.0) if busy else (min(rest * 2, LONGEST_REST), idle + rest)
            )
            if idle > IDLE_SECONDS:
                await session.close()
            if not busy and await _woken(wake, rest):
                rest = SHORTEST_REST
    finally:
        await session.close()


async def send_batch(*, desk: Desk, session: Session, compose: Compose) -> bool:
    """Send some of the mails that are due; false when none is."""
    drafts = await desk.claim()
    left = list(drafts)
    try:
        while left:
            draft = left.pop(0)
            await _finished(send(draft, desk=desk, session=session, compose=compose), desk)
    except Pause as pause:
        await _settle_all(left, desk, pause)
        raise
    except (Exception, asyncio.CancelledError):
        with contextlib.suppress(TimeoutError):  # their leases end by themselves
            async with asyncio.timeout(PUTTING_BACK_SECONDS):
                await desk.put_back([draft.mail for draft in left])
        raise
    return bool(drafts)


async def _settle_all(left: Sequence[Draft], desk: Desk, pause: Pause) -> None:
    for draft in left:
        await desk.settle(draft.mail, pause.decision)


async def _finished(work: Coroutine[Any, Any, None], desk: Desk) -> None:
    """The work, to its end even when we are told to stop meanwhile, unless that takes too long.

    What is not promised by then is not handed over any more: time might end in the middle of it.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(
        lambda done: done.cancelled() or done.exception()
    )  # seen, if nobody asks
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        desk.stop()
        await asyncio.wait({task}, timeout=FINISHING_SECONDS)
        task.cancel()
        raise


async def _woken(wake: asyncio.Event, seconds: float) -> bool:
    """Whether somebody asked for a mail within the time."""
    try:
        async with asyncio.timeout(seconds):  # `wait_for` may lose a cancellation (Python 3.11)
            await wake.wait()
    except TimeoutError:
        return False
    wake.clear()
    return True


def _pause_seconds(times: int) -> float:
    """After so many pauses in a row."""
    return min(2.0 ** min(times - 1, 10), LONGEST_PAUSE)
