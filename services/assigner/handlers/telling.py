"""How a choice is told: at once where its homes are settled, else when their positions are known."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from libs.common.envelope import Received
from libs.common.events import Event, PropertiesAssigned
from libs.common.outbox import Emit
from services.assigner.domain.position import printed
from services.assigner.handlers.ports import Positions, Told


@asynccontextmanager
async def telling(emit: Emit, *, positions: Positions, asking: bool) -> AsyncGenerator[Emit]:
    """Emits what it is given; choices come last, those of unsettled homes when they are settled.

    With `asking` these wait for the geocoder. Without, their homes are settled here and now by what
    is known of them.
    """
    told: list[Told] = []

    def sort_out(event: Event, cause: Received[Any] | None) -> None:
        if isinstance(event, PropertiesAssigned) and cause is not None:
            told.append((event, cause))
        else:
            emit(event, cause)

    yield sort_out
    if not told:
        return
    unsettled = await positions.unsettled([event.job_id for event, _ in told])
    waiting = [one for one in told if asking and one[0].job_id in unsettled]
    if waiting:
        await positions.wait(waiting)
    elif unsettled:
        homes = await positions.homes(sorted(unsettled))
        await positions.settle([(k.home, printed(k.home, k.found), k.found) for k in homes])
    for event, cause in told:
        if not asking or event.job_id not in unsettled:
            emit(event, cause)
