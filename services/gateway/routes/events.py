"""Streams of what moves: of one job for its client, of everything for the console."""

from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from services.gateway.repository import events
from services.gateway.routes.feed import PAGE
from services.gateway.routes.moved import Json
from services.gateway.routes.ports import Given, Reading
from services.gateway.routes.problems import unknown
from services.gateway.routes.streams import MEDIA_TYPE, Movements, Page, Read, Stream
from services.gateway.routes.values import PathId, identifier

LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID", ge=0, le=2**63 - 1, description="Goes on after this movement"
    ),
]
ALL_TOLD = ResponseSpec(
    None, description="The job has ended and all of it was told: do not ask again"
)


@get(
    "/jobs/{job_id:str}/events",
    tags=["Jobs"],
    media_type=MEDIA_TYPE,
    opt={"refuses": [404]},
    responses={204: ALL_TOLD},
)
async def job_events(
    job_id: PathId, ports: Given, last_event_id: LastEventId = None
) -> Response[str]:
    """What moves in a job, as server-sent events, until it ends.

    `job.step` is a step's movement, `job.closed` says that it was cancelled or erased; the `id` of
    both goes into `Last-Event-ID` to go on from there. `job.ended` is the last. A comment comes
    every 15 s. A job that has ended already tells its movements, and ends.
    """
    found = identifier(job_id, "job_id")
    async with ports.reading() as connection:
        after = min(last_event_id or 0, await events.newest(connection))
        told = await events.of_job(connection, found, after, 1)
    if told is None:
        raise unknown(f"Job {found} not found")
    if told.job.has_ended and not told.moved and last_event_id:
        return Response("", status_code=204)
    told_as = Movements(of_job(ports.reading, found), after, Json())
    return Stream(ports.feed, told_as.follow, job_id=found, share="job")


@get("/events", tags=["Events"], media_type=MEDIA_TYPE)
async def all_events(ports: Given, last_event_id: LastEventId = None) -> Response[str]:
    """What moves in all jobs, as server-sent events, from now on or after `Last-Event-ID`.

    The events are those of a job's own stream, but for `job.ended`: `status` says where a job stands.
    """
    async with ports.reading() as connection:
        newest = await events.newest(connection)
    after = newest if last_event_id is None else min(last_event_id, newest)
    told_as = Movements(partial(_all, ports.reading), after, Json())
    return Stream(ports.feed, told_as.follow, share="all")


def of_job(reading: Reading, job_id: UUID) -> Read:
    """Reads the movements of one job; the last page is the one that finds it ended."""
    return partial(_of_job, reading, job_id)


async def _of_job(reading: Reading, job_id: UUID, after: int) -> Page:
    async with reading() as connection:
        told = await events.of_job(connection, job_id, after, PAGE)
    if told is None:  # cleaned away meanwhile
        return Page(moved=(), is_last=True)
    is_last = told.job.has_ended and len(told.moved) < PAGE
    return Page(moved=told.moved, job=told.job, is_last=is_last)


async def _all(reading: Reading, after: int) -> Page:
    async with reading() as connection:
        return Page(moved=await events.after(connection, after, PAGE))
